"""Played calls as traces, received by a collector over OTLP/HTTP."""

from __future__ import annotations

import asyncio
import sys
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.proto.trace.v1.trace_pb2 import Status as SpanStatus
from structlog.testing import capture_logs
from tests.scene import CUSTOMER, OFFICE, PROMPTS, scene
from tests.telemetry.collector import Collector, attributes, collecting
from typer.testing import CliRunner

from ivr_fsm.cli import app
from ivr_fsm.settings import Settings
from ivr_fsm.simulator import Faults
from ivr_fsm.telemetry import telemetry, tracing

pytestmark = pytest.mark.virtual

PHONES = {OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"}
MENU_2 = "press 2 1s into FW3"


def _named(collector: Collector, name: str) -> Span:
    [found] = [span for span in collector.spans if span.name == name]
    return found


def _states(collector: Collector) -> list[Span]:
    return sorted(
        (span for span in collector.spans if span.name != "call"), key=lambda span: span.start_time_unix_nano
    )


async def test_a_call_is_a_trace_and_a_state_a_span(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with scene(tmp_path, None, 100, PHONES, otel_endpoint=collector.address) as stage:
            call = stage.call(MENU_2, CUSTOMER)
            await call.ended
            await stage.service.live.emptied()
            path = stage.watch.states[call.uuid]
        root, states = _named(collector, "call"), _states(collector)
    assert {span.trace_id for span in collector.spans} == {UUID(call.uuid).bytes}
    assert [span.name for span in states] == [state for state in path if state != "ended"]
    assert {span.parent_span_id for span in states} == {root.span_id}
    assert not root.parent_span_id
    assert states[0].start_time_unix_nano == root.start_time_unix_nano
    assert states[-1].end_time_unix_nano == root.end_time_unix_nano
    for before, after in pairwise(states):
        assert before.end_time_unix_nano == after.start_time_unix_nano
    said = attributes(root.attributes)
    assert (said["ivr.call_id"], said["ivr.outcome"], said["ivr.scenario"]) == (
        call.uuid,
        "answered:office",
        "order",
    )
    assert root.status.code == SpanStatus.STATUS_CODE_UNSET
    assert collector.resource["service.name"] == "ivr-fsm"
    assert collector.resource["service.instance.id"] == stage.service.settings.instance


async def test_each_move_has_its_reason(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with scene(tmp_path, None, 100, PHONES, otel_endpoint=collector.address) as stage:
            await stage.call(MENU_2, CUSTOMER).ended
            await stage.service.live.emptied()
        menu, office = _named(collector, "menu"), _named(collector, "dialing_office")
    why = attributes(menu.attributes)
    assert why["ivr.next_state"] == "dialing_office"
    assert why["ivr.left_because"].startswith("digit pressed: 2; ")
    assert "pressed support (2)" in why["ivr.left_because"]
    assert attributes(office.attributes)["ivr.entered_because"] == why["ivr.left_because"]
    [pressed] = [event for event in menu.events if event.name == "DigitPressed"]
    assert attributes(pressed.attributes)["ivr.reason"] == why["ivr.left_because"]
    assert pressed.time_unix_nano == menu.end_time_unix_nano
    assert "LegRinging" in [event.name for event in office.events]


async def test_phones_are_masked_and_names_left_out(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with scene(tmp_path, None, 100, PHONES, otel_endpoint=collector.address) as stage:
            await stage.call(MENU_2, CUSTOMER).ended
            await stage.call("hang up at 3s").ended
            await stage.service.live.emptied()
        body = b"".join(collector.bodies)
    assert body
    for secret in (CUSTOMER, OFFICE[0], "Мария", "Соколова", "Анна", "10542", "Арбат"):
        assert secret[-10:].encode() not in body, secret
    assert b"+791*" in body


async def test_a_call_that_failed_is_an_error(tmp_path: Path) -> None:
    async with collecting() as collector:
        with capture_logs():
            faults = Faults(drop_at=5)
            async with scene(tmp_path, faults, 100, PHONES, otel_endpoint=collector.address) as stage:
                await stage.call().ended
                await stage.service.live.emptied()
        root = _named(collector, "call")
    assert (root.status.code, root.status.message) == (SpanStatus.STATUS_CODE_ERROR, "failed")


async def test_calls_that_are_live_at_the_stop_are_exported(tmp_path: Path) -> None:
    async with collecting() as collector:
        async with scene(tmp_path, None, 100, PHONES, otel_endpoint=collector.address) as stage:
            stage.call()
            await asyncio.sleep(5)
        assert _named(collector, "call")


@pytest.mark.parametrize("status", [400, 503])
async def test_a_collector_that_refuses_costs_no_call_anything(
    tmp_path: Path, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "TIMEOUT", 0.2)
    async with collecting() as collector:
        collector.status = status
        with capture_logs() as logs:
            async with scene(tmp_path, None, 100, PHONES, otel_endpoint=collector.address) as stage:
                await stage.call(MENU_2, CUSTOMER).ended
                await stage.service.live.emptied()
        assert stage.watch.outcomes == ["answered:office"]
        assert collector.requests
        [line] = [line for line in logs if line["event"] == "traces not exported"]
    assert line["to"] == collector.address
    assert line["effect"] == "they are lost, calls are not"


async def test_a_collector_that_is_away_costs_no_call_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "TIMEOUT", 0.2)
    with capture_logs() as logs:
        async with scene(tmp_path, None, 100, PHONES, otel_endpoint="http://127.0.0.1:9") as stage:
            calls = [stage.call(MENU_2, CUSTOMER) for _ in range(20)]
            for call in calls:
                await call.ended
            await stage.service.live.emptied()
    assert stage.watch.outcomes == ["answered:office"] * 20
    assert [line["event"] for line in logs].count("traces not exported") == 1


async def test_a_caller_who_comes_back_is_in_the_same_trace(tmp_path: Path) -> None:
    phones = {OFFICE[0]: "ring 30s, answer, hang up 5s after bridge"}
    async with collecting() as collector:
        faults = Faults(connection=1, drop_at=12)
        with capture_logs():
            async with scene(tmp_path, faults, 100, phones, otel_endpoint=collector.address) as stage:
                stage.service.control.close()
                stage.switch.sockets = [*stage.switch.sockets, *stage.switch.sockets]
                call = stage.call()
                await call.ended
                await stage.service.live.emptied()
        roots = [span for span in collector.spans if span.name == "call"]
    assert {span.trace_id for span in collector.spans} == {UUID(call.uuid).bytes}
    assert [attributes(root.attributes)["ivr.outcome"] for root in roots] == ["failed", "answered:office"]


@pytest.fixture
def no_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "opentelemetry"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "ivr_fsm.telemetry.tracing")
    monkeypatch.setitem(sys.modules, "opentelemetry", None)


@pytest.mark.parametrize(("command", "code"), [("check", 1), ("serve", 2)])
def test_without_the_extra_it_is_said_what_to_do(
    no_extra: None, command: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVR_PROMPTS", str(PROMPTS))
    monkeypatch.setenv("IVR_OTEL_ENDPOINT", "http://127.0.0.1:4318")
    result = CliRunner().invoke(app, [command])
    assert result.exit_code == code
    assert "pip install 'ivr-fsm[otel]'" in result.output.replace("\n", " ")


def test_without_the_extra_nothing_is_missed_that_was_not_asked_for(no_extra: None) -> None:
    telemetry.check("")
    with pytest.raises(telemetry.TelemetryError):
        telemetry.check("http://127.0.0.1:4318")


@pytest.mark.parametrize("wrong", ["collector:4318", "http://user:secret@host", "ftp://host"])
def test_an_address_that_is_none_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="must be an address"):
        Settings(otel_endpoint=wrong)
