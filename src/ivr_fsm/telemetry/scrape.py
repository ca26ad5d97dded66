"""What is looked up when somebody scrapes: it stands somewhere already, and nobody waits for it."""

from __future__ import annotations

from collections import Counter as Count
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ivr_fsm.journal.writer import Journal
from ivr_fsm.telemetry.backlog import Backlog, Waiting
from ivr_fsm.telemetry.health import Health
from ivr_fsm.telemetry.metrics import STATES


class Live(Protocol):
    """A live call, as far as it is counted."""

    @property
    def call(self) -> InState:
        """What it knows of itself."""


class InState(Protocol):
    """A call, which is in a state."""

    @property
    def state_id(self) -> str:
        """The innermost state that it is in."""


class Standing(Collector):
    """The gauges of one service, and what the journal counts itself."""

    def __init__(
        self,
        live: Iterable[Live],
        health: Health,
        journal: Callable[[], Journal | None],
        backlog: Backlog | None,
        now: Callable[[], datetime],
    ) -> None:
        """Look at nothing yet.

        Args:
            live: the live calls.
            health: the parts of the service.
            journal: who writes the journal; None: nobody does.
            backlog: what waits in it; None: there is none.
            now: the wall clock, aware.
        """
        self._live = live
        self._health = health
        self._journal = journal
        self._backlog = backlog
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Return how things stand."""
        yield self._calls()
        yield self._ready()
        if (journal := self._journal()) is not None:
            yield from _journalled(journal)
        if self._backlog is not None:
            slack, marketplace = self._backlog.channel, self._backlog.marketplace
            yield from self._waiting("slack", "Slack was not told all of", slack)
            yield from self._waiting("marketplace", "the marketplace was not told of", marketplace)

    def _calls(self) -> Metric:
        found = Count(session.call.state_id for session in self._live)
        calls = GaugeMetricFamily("ivr_live_calls", "Live calls, by state", labels=["state"])
        for state in STATES:
            calls.add_metric([state], found[state])
        return calls

    def _ready(self) -> Metric:
        ready = GaugeMetricFamily("ivr_ready", "Whether a part of /readyz works: 1 or 0", labels=["part"])
        for part, ok in self._health.states():
            ready.add_metric([part.name], ok)
        return ready

    def _waiting(self, who: str, what: str, waiting: Waiting) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            f"ivr_{who}_backlog_calls", f"Calls that are over and {what}", len(waiting.since)
        )
        yield GaugeMetricFamily(
            f"ivr_{who}_backlog_age_seconds",
            f"For how long the oldest call has waited that {what}",
            waiting.age(self._now()),
        )


def _journalled(journal: Journal) -> Iterator[Metric]:
    totals = journal.totals
    yield CounterMetricFamily(
        "ivr_journal_gaps", "How often calls went on without waiting for the journal", totals.gaps
    )
    yield CounterMetricFamily(
        "ivr_journal_late_steps", "Steps whose commands left before they were written", totals.late
    )
    yield CounterMetricFamily("ivr_journal_lost_records", "Records that were never written", totals.lost)
    yield GaugeMetricFamily(
        "ivr_journal_unwritten_records", "Records that wait in memory to be written", journal.unwritten
    )
