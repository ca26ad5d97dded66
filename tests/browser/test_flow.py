"""The page of the flow."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_periods(page: Page) -> None:
    page.goto("/flow")
    for period in ("сутки", "неделя", "30 дней", "всё время"):
        link = page.get_by_role("link", name=period, exact=True)
        link.click()
        expect(link).to_have_attribute("aria-current", "true")
    expect(page.get_by_text("Звонков за период: 38")).to_be_visible()


def test_where_callers_hung_up_leads_to_those_calls(page: Page) -> None:
    page.goto("/flow?period=all")
    row = page.locator("table.figures tbody tr", has_text="В меню")
    expect(row).to_contain_text("FW3; 10 с на кнопку")
    row.get_by_role("link").click()
    expect(page).to_have_url(re.compile("in=menu"))
    expect(page.locator("table.history tr[data-key]")).to_have_count(1)


def test_the_diagram_counts_calls(page: Page) -> None:
    page.goto("/flow?period=all")
    chart = page.locator("svg.chart")
    expect(chart.locator("rect.heat")).not_to_have_count(0)
    expect(chart.locator(".event text", has_text=re.compile("^37$"))).to_have_count(1)
    talking = chart.locator("g.node", has=page.locator("title", has_text="Разговаривают"))
    expect(talking.locator("text.note").first).to_have_text("обычно 0:20")
