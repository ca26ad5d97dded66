"""Calls as traces of OpenTelemetry: a call is a trace, each of its states a span, each step an event on it.

This needs the extra ``otel``; `ivr_fsm.telemetry.telemetry` says so where it is missing. Spans are exported
by a thread of OpenTelemetry's own; what the collector does not take is dropped, and no call hears of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span, Status, StatusCode, set_span_in_context

from ivr_fsm.flow.caller import scenario
from ivr_fsm.flow.events import AnswererKnown, CallArrived, CallerIdentified
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.tables import micros
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.phone import mask_in
from ivr_fsm.telemetry.sdklog import hear

TIMEOUT = 5.0
"""Seconds that the collector may take for one request, tries included."""

CLOSING = 2.0
"""Seconds that the last spans may take when the service stops."""

_BAD = ("failed",)


@dataclass(slots=True)
class _Trace:
    """A call that is live: its span, and that of the state that it is in."""

    call: Span
    state: Span | None = None


class Tracing:
    """A watcher of calls (`ivr_fsm.call.ports.Watcher`)."""

    def __init__(self, endpoint: str, resource: Mapping[str, str]) -> None:
        """Begin to export.

        Args:
            endpoint: address of an OTLP/HTTP collector, such as ``http://127.0.0.1:4318``; its headers are
                in the variable ``OTEL_EXPORTER_OTLP_HEADERS``.
            resource: what the spans come from, by OpenTelemetry's names.
        """
        hear(endpoint)
        self._ids = _Ids()
        self._provider = TracerProvider(
            resource=Resource.create(dict(resource)), id_generator=self._ids, shutdown_on_exit=False
        )
        exporter = OTLPSpanExporter(endpoint.rstrip("/") + "/v1/traces", timeout=TIMEOUT)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("ivr_fsm")
        self._open: dict[str, _Trace] = {}
        self._thread = OneThread("tracing")

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        """Note a step on the span of its state; a move ends that span and begins the next."""
        now = micros(at) * 1000
        if number == 1:
            self._open[call_id] = _Trace(self._begin(call_id, step, now))
        if (trace := self._open.get(call_id)) is None:
            return
        why = _reason(step)
        self._note(trace.state or trace.call, step, why, now)
        self._describe(trace.call, step)
        if step.moved:
            self._move(trace, step, why, now)
            if step.after == "ended":
                trace.call.end(now)
                del self._open[call_id]

    async def close(self) -> None:
        """Export what is left, if that can be done in a moment, and end."""
        for trace in self._open.values():
            for span in (trace.state, trace.call):
                if span is not None:
                    span.end()
        self._open.clear()
        await self._thread.finish(self._provider.shutdown, CLOSING)

    def _begin(self, call_id: str, step: Step, now: int) -> Span:
        attributes = {"ivr.call_id": call_id}
        if isinstance(arrived := step.event, CallArrived):
            attributes |= {"ivr.phone": mask_in(arrived.phone), "ivr.called": mask_in(arrived.called)}
            if arrived.back:
                attributes["ivr.calls_back"] = arrived.back
        self._ids.trace = UUID(call_id).int
        return self._tracer.start_span("call", Context(), attributes=attributes, start_time=now)

    def _move(self, trace: _Trace, step: Step, why: str, now: int) -> None:
        if trace.state is not None:
            trace.state.set_attributes({"ivr.next_state": step.after, "ivr.left_because": why})
            trace.state.end(now)
            trace.state = None
        if step.after != "ended":
            trace.state = self._tracer.start_span(
                step.after,
                set_span_in_context(trace.call, Context()),
                attributes={"ivr.state": step.after, "ivr.entered_because": why},
                start_time=now,
            )

    def _note(self, span: Span, step: Step, why: str, now: int) -> None:
        span.add_event(type(step.event).__name__, {"ivr.reason": why}, now)
        if step.fault:
            span.set_status(Status(StatusCode.ERROR, mask_in(step.fault)))

    def _describe(self, call: Span, step: Step) -> None:
        if isinstance(step.event, CallerIdentified):
            call.set_attribute("ivr.scenario", scenario(step.event.caller))
        for tell in step.told:
            if tell.what == "ended":
                outcome = tell.facts["outcome"]
                call.set_attribute("ivr.outcome", outcome)
                if outcome in _BAD:
                    call.set_status(Status(StatusCode.ERROR, outcome))


class _Ids(RandomIdGenerator):
    """Gives each trace the id of its call, which is one already."""

    trace = 0

    def generate_trace_id(self) -> int:
        """Return the id of the trace that begins."""
        return self.trace or super().generate_trace_id()


def _reason(step: Step) -> str:
    """Return why a step led where it did: without names, with phones masked."""
    if isinstance(step.event, AnswererKnown):
        return "answerer known"
    return mask_in(step.reason)
