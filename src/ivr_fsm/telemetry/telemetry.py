"""All of it put together, for one service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from aiohttp import web
from sqlalchemy import Engine

from ivr_fsm.call.ports import Watcher
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.writer import Journal
from ivr_fsm.recordings.verdict import Verdict
from ivr_fsm.telemetry.backlog import Backlog
from ivr_fsm.telemetry.calls import CallMeter
from ivr_fsm.telemetry.health import Health
from ivr_fsm.telemetry.lag import LoopLag
from ivr_fsm.telemetry.metrics import VERDICTS, Metrics, one_of
from ivr_fsm.telemetry.routes import Probes
from ivr_fsm.telemetry.scrape import Live, Standing
from ivr_fsm.web.access import Access

if TYPE_CHECKING:
    from ivr_fsm.telemetry.tracing import Tracing

_NONE = "IVR_OTEL_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'ivr-fsm[otel]'"


class TelemetryError(Exception):
    """What was asked for cannot be had; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The parts of a service that are looked at when somebody asks.

    Attributes:
        live: the live calls.
        listening: whether FreeSWITCH can bring calls.
        connected: whether there is a control connection to FreeSWITCH.
        stopping: whether the service takes no more calls.
        journal: who writes the journal; None: nobody does.
    """

    live: Iterable[Live]
    listening: Callable[[], bool]
    connected: Callable[[], bool]
    stopping: Callable[[], bool]
    journal: Callable[[], Journal | None]


class Telemetry:
    """What machines are told of one service.

    Attributes:
        metrics: what is counted.
        meter: who counts calls, and measures how long their commands take (`ivr_fsm.call.ports.Timings`).
        watchers: who must hear of each step.
        routes: what the web server serves of it.
    """

    def __init__(
        self,
        plan: Plan,
        instance: str,
        watched: Watched,
        access: Access,
        now: Callable[[], datetime],
        *,
        engine: Engine | None,
        endpoint: str = "",
    ) -> None:
        """Begin to count; look at nothing yet.

        Args:
            plan: what new calls follow.
            instance: the name of this service.
            watched: what is looked at.
            access: who may read the metrics.
            now: the wall clock, aware.
            engine: the journal's database, which is closed with this; None: there is no journal.
            endpoint: where traces go; empty: nowhere.

        Raises:
            TelemetryError: OpenTelemetry is not installed.
        """
        revisions = {"version": version("ivr-fsm"), "flow": flow_revision(), "plan": plan_revision(plan)}
        self.metrics = Metrics(**revisions)
        self.meter = CallMeter(self.metrics)
        self._watched = watched
        self._backlog = Backlog(engine, instance, now) if engine is not None else None
        self._lag = LoopLag(self.metrics.loop_lag.observe, asyncio.get_running_loop())
        health = Health(watched.listening, watched.connected, self._written, watched.stopping)
        self.metrics.registry.register(Standing(watched.live, health, watched.journal, self._backlog, now))
        self.routes: Sequence[web.AbstractRouteDef] = Probes(health, self.metrics.registry, access).routes
        self._tracing = _tracing(endpoint, instance, revisions) if endpoint else None
        self.watchers: list[Watcher] = [self.meter, *([self._tracing] if self._tracing else [])]

    def refused(self, why: Literal["full", "stopping"]) -> None:
        """A call was not taken."""
        self.metrics.refused.labels(why).inc()

    def judged(self, verdict: Verdict) -> None:
        """A recording was looked at; in any thread."""
        if verdict.said:
            self.metrics.recordings.labels(one_of(verdict.said.partition(":")[0], VERDICTS)).inc()

    def start(self) -> None:
        """Begin to look; the journal must be open."""
        self._lag.start()
        if self._backlog is not None:
            self._backlog.start()

    async def close(self) -> None:
        """End; the last traces leave if they can."""
        self._lag.close()
        if self._backlog is not None:
            await self._backlog.close()
        if self._tracing is not None:
            await self._tracing.close()

    def _written(self) -> bool:
        journal = self._watched.journal()
        return not (journal and journal.behind) and not (self._backlog and self._backlog.trouble)


def check(endpoint: str) -> None:
    """See that traces can be sent to *endpoint* if there is one; nothing is sent.

    Raises:
        TelemetryError: OpenTelemetry is not installed.
    """
    if endpoint:
        _tracing_class()


def _tracing(endpoint: str, instance: str, revisions: dict[str, str]) -> Tracing:
    resource = {
        "service.name": "ivr-fsm",
        "service.version": revisions["version"],
        "service.instance.id": instance,
        "ivr.flow_revision": revisions["flow"],
        "ivr.plan_revision": revisions["plan"],
    }
    return _tracing_class()(endpoint, resource)


def _tracing_class() -> type[Tracing]:
    try:
        from ivr_fsm.telemetry.tracing import Tracing
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise TelemetryError(_NONE) from None
    return Tracing
