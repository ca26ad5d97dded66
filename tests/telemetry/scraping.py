"""Whoever scrapes a service, over real HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientSession
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families
from tests.scene import Scene


@dataclass
class Scrape:
    text: str

    @property
    def families(self) -> list[Metric]:
        return list(text_string_to_metric_families(self.text))

    @property
    def samples(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        found = {}
        for family in self.families:
            for sample in family.samples:
                labels = frozenset((name, value) for name, value in sample.labels.items() if value)
                found[sample.name, labels] = sample.value
        return found

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples[name, frozenset(labels.items())]

    def above_zero(self, name: str) -> dict[tuple[str, ...], float]:
        """The samples of a metric that are not 0, by the values of their labels."""
        return {
            tuple(value for _, value in sorted(labels)): count
            for (found, labels), count in self.samples.items()
            if found == name and count
        }


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    text: str
    json: Any


async def ask(stage: Scene, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    url = f"http://127.0.0.1:{stage.service.web.port}{path}"
    async with (
        ClientSession() as session,
        session.get(url, headers=headers, allow_redirects=False) as response,
    ):
        json = await response.json() if response.content_type == "application/json" else None
        return Answer(response.status, response.headers["Content-Type"], await response.text(), json)


async def scrape(stage: Scene) -> Scrape:
    answer = await ask(stage, "/metrics")
    assert answer.status == 200, answer
    return Scrape(answer.text)
