"""The page, its alerts and the dashboard speak of the metrics that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
import yaml
from tests.docs import DOCS
from tests.telemetry.promql import named, values
from tests.telemetry.scraping import Scrape

pytestmark = pytest.mark.virtual

PAGE = (DOCS / "telemetry.md").read_text("utf-8")
BOARD: dict[str, Any] = json.loads((DOCS / "grafana-dashboard.json").read_text("utf-8"))
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
ALERTS = next(
    rules["groups"][0]["rules"]
    for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    if "groups" in (rules := yaml.safe_load(block))
)


def _queries() -> Iterator[str]:
    for panel in PANELS:
        yield from (target["expr"] for target in panel["targets"])
    yield from (each["expr"] for each in BOARD["annotations"]["list"])
    yield from (each["definition"] for each in BOARD["templating"]["list"] if each["type"] == "query")


def _labels(scraped: Scrape) -> dict[str, set[str]]:
    """Return the labels of each sample by its name, the empty ones too."""
    found: dict[str, set[str]] = {}
    for family in scraped.families:
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def _known(scraped: Scrape) -> set[tuple[str, str, str]]:
    return {
        (sample.name, label, value)
        for family in scraped.families
        for sample in family.samples
        for label, value in sample.labels.items()
    }


async def test_the_table_is_that_of_the_metrics(scraped: Scrape) -> None:
    told = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `(ivr_\w+)` \| (\w+) \| ([^|]*)\|", PAGE, re.MULTILINE)
    }
    there = {}
    for family in scraped.families:
        if family.name.startswith("ivr_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            there[name] = (family.type, labels)
    assert told == there


async def test_each_metric_has_a_help_of_its_own(scraped: Scrape) -> None:
    helps = [family.documentation for family in scraped.families]
    assert all(helps)
    assert len(set(helps)) == len(helps)


async def test_the_dashboard_asks_for_metrics_that_there_are(scraped: Scrape) -> None:
    labels = _labels(scraped)
    for query in _queries():
        for metric, asked in named(query):
            assert metric in labels, query
            assert asked <= labels[metric], query
    assert {value for query in _queries() for value in values(query)} <= _known(scraped)


async def test_the_dashboard_shows_every_metric(scraped: Scrape) -> None:
    shown = {metric for query in _queries() for metric, _ in named(query)}
    for family in scraped.families:
        if family.name.startswith("ivr_"):
            assert shown & {sample.name for sample in family.samples}, family.name


async def test_alerts_ask_for_metrics_that_there_are(scraped: Scrape) -> None:
    labels = _labels(scraped)
    for alert in ALERTS:
        for metric, asked in named(alert["expr"]):
            assert metric in labels, alert["alert"]
            assert asked <= labels[metric], alert["alert"]
    assert {value for alert in ALERTS for value in values(alert["expr"])} <= _known(scraped)


def test_alerts_say_what_they_are_about() -> None:
    assert len({alert["alert"] for alert in ALERTS}) == len(ALERTS)
    for alert in ALERTS:
        assert alert["annotations"]["summary"]
        assert alert["labels"]["severity"] in ("page", "ticket")


def test_every_panel_says_what_it_shows() -> None:
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    for panel in PANELS:
        assert panel["description"], panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert all('job=~"$job",instance=~"$instance"' in each["expr"] for each in panel["targets"])


def test_panels_stand_beside_each_other() -> None:
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    for one, other in combinations([panel["gridPos"] for panel in BOARD["panels"]], 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or below, (one, other)
        assert one["x"] + one["w"] <= 24


def test_a_query_that_names_what_is_not_there_is_found() -> None:
    assert list(named('sum by (state, le) (rate(ivr_x_total{job=~"$job",outcome!="ok"}[5m]))')) == [
        ("ivr_x_total", {"state", "le", "outcome"})
    ]
    assert list(values('ivr_x{job="a",state="b"} / ivr_y')) == [("ivr_x", "state", "b")]
