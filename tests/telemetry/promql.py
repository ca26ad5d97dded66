"""What a query of Prometheus names: metrics, and labels of them."""

from __future__ import annotations

import re
from collections.abc import Iterator

_METRIC = re.compile(r"\b((?:ivr|process)_\w+)(?:\{([^}]*)\})?")
_BY = re.compile(r"\bby \(([^)]*)\)")
_MATCHER = re.compile(r"(\w+)(?:=~|!=|!~|=)")

SCRAPED = {"job", "instance"}
"""Labels that Prometheus adds."""


def named(query: str) -> Iterator[tuple[str, set[str]]]:
    """Return each metric with the labels that are asked of it."""
    grouped = {label.strip() for labels in _BY.findall(query) for label in labels.split(",")}
    for metric, matchers in _METRIC.findall(query):
        yield metric, (grouped | set(_MATCHER.findall(matchers))) - SCRAPED


def values(query: str) -> Iterator[tuple[str, str, str]]:
    """Return each metric with a label and the value that it is compared with."""
    for metric, matchers in _METRIC.findall(query):
        for label, value in re.findall(r'(\w+)!?="([^"$]*)"', matchers):
            if label not in SCRAPED:
                yield metric, label, value
