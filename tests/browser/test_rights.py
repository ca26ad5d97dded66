"""Logging in and out, and what is shown to who may not see all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr

from ivr_fsm.cli.inspecting import beside
from ivr_fsm.settings import Settings
from tests.browser.conftest import Opens
from tests.playbook import Playbook
from tests.web.site import BORIS, OLGA

NUMBER = re.compile(r"(?<![\w-])\+?7\d{10}(?!\w)")


@pytest.fixture
def guarded(book: Playbook, browser: object) -> Iterator[str]:
    """Pages for two people: Olga sees, Boris may do everything."""
    settings = Settings.model_construct(
        journal=book.url,
        recordings=book.recordings,
        web_port=0,
        web_tokens=SecretStr(f"olga={OLGA}, boris={BORIS}"),
        web_people="olga: see; boris: see numbers listen act",
    )
    with beside(settings) as address:
        yield address.removesuffix("/calls")


def log_in(page: Page, token: str) -> None:
    page.get_by_label("Токен").fill(token)
    page.get_by_role("button", name="Войти").click()


def test_in_and_out(opens: Opens, guarded: str, book: Playbook) -> None:
    page = opens(guarded).new_page()
    call = book.call("call-centre")
    page.goto(f"/calls/{call.key}")
    expect(page).to_have_url(re.compile("/login"))
    expect(page.get_by_label("Токен")).to_be_focused()
    log_in(page, BORIS)
    expect(page.locator("h1")).to_contain_text("+79161234567")
    expect(page.locator(".person")).to_contain_text("boris")
    expect(page.locator("audio")).to_be_visible()
    expect(page.locator(".notice", has_text="Пароля нет")).to_have_count(0)
    page.get_by_role("button", name="Выйти").click()
    expect(page.get_by_label("Токен")).to_be_visible()
    page.goto("/calls")
    expect(page).to_have_url(re.compile("/login"))


def test_a_wrong_token(opens: Opens, guarded: str) -> None:
    page = opens(guarded, bears=("403", "401")).new_page()
    page.goto("/calls")
    log_in(page, "a-wrong-token-of-some-length")
    expect(page.get_by_role("alert")).to_have_text("Такого токена нет.")
    log_in(page, BORIS)
    expect(page.locator("#live-title")).to_be_visible()


def test_who_may_not_see_numbers_sees_none(opens: Opens, guarded: str, book: Playbook) -> None:
    page = opens(guarded).new_page()
    page.goto("/calls")
    log_in(page, OLGA)
    expect(page.locator(".notice", has_text="Номера")).to_be_visible()
    for path in ("/calls", f"/calls/{book.call('call-centre').key}?all=1&replay=1", "/flow?period=all"):
        page.goto(path)
        assert NUMBER.findall(page.content()) == []
    page.goto(f"/calls/{book.call('nobody').key}")
    expect(page.locator(".doing")).to_have_count(0)
    page.goto(f"/calls/{book.call('call-centre').key}")
    expect(page.locator("audio")).to_have_count(0)
    expect(page.get_by_text("нет права её слушать")).to_be_visible()
