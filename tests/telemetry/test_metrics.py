"""Played calls as Prometheus sees them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from pydantic import SecretStr
from structlog.testing import capture_logs
from tests.scene import CUSTOMER, OFFICE, Scene, scene
from tests.telemetry.scraping import ask, scrape

from ivr_fsm.app import EXAMPLES
from ivr_fsm.directory.file import FileDirectory
from ivr_fsm.directory.port import CallRecord, DirectoryError
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.reader import Reader, Wanted

pytestmark = pytest.mark.virtual

PHONES = {OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"}
MENU_2 = "press 2 1s into FW3"


async def _over(stage: Scene, *calls: object) -> None:
    for call in calls:
        await call.ended  # type: ignore[attr-defined]
    await stage.service.live.emptied()


async def test_live_calls_are_counted_by_the_state_that_they_are_in(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        nobody = await scrape(stage)
        assert nobody.above_zero("ivr_live_calls") == {}
        assert nobody("ivr_live_calls", state="connected") == 0, "the series is there from the start"
        calls = [stage.call(MENU_2, CUSTOMER), stage.call(MENU_2, CUSTOMER), stage.call()]
        await asyncio.sleep(1)
        assert (await scrape(stage)).above_zero("ivr_live_calls") == {("greeting",): 3}
        await _over(stage, *calls)
        assert (await scrape(stage)).above_zero("ivr_live_calls") == {}


async def test_calls_are_counted_by_what_came_of_them(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        answered, abandoned = stage.call(MENU_2, CUSTOMER), stage.call("hang up at 3s")
        await _over(stage, answered, abandoned)
        seen = await scrape(stage)
        assert seen.above_zero("ivr_calls_total") == {("answered", "office"): 1, ("abandoned", "greeting"): 1}
        assert seen("ivr_calls_total", outcome="answered", target="office") == 1
        assert seen("ivr_calls_total", outcome="abandoned", state="greeting") == 1
        assert seen.above_zero("ivr_callers_total") == {("order",): 1, ("other",): 1}
        # 7.3 s of greeting, 1 s of the menu, 2 s of ringing, and some.
        assert seen.above_zero("ivr_answer_seconds_count") == {("office",): 1}
        assert 10 < seen("ivr_answer_seconds_sum", target="office") < 14
        assert seen("ivr_digit_command_seconds_count") == 1
        assert seen("ivr_journal_delay_seconds_count") > 5
        assert seen("ivr_loop_lag_seconds_count") > 5
        assert seen.above_zero("ivr_call_backs_total") == {}


async def test_a_recording_is_counted_by_its_verdict(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await _over(stage, stage.call(MENU_2, CUSTOMER))
        assert (await scrape(stage)).above_zero("ivr_recordings_total") == {}
        await asyncio.sleep(10)
        assert (await scrape(stage)).above_zero("ivr_recordings_total") == {("ok",): 1}


async def test_a_missing_recording_is_no_good_one(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        call = stage.call(MENU_2, CUSTOMER)
        await _over(stage, call)
        (tmp_path / f"{call.uuid}.wav").unlink()
        with capture_logs():
            await asyncio.sleep(10)
        assert (await scrape(stage)).above_zero("ivr_recordings_total") == {("missing",): 1}


async def test_calls_that_are_refused_are_counted_with_the_reason(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 1, {OFFICE[0]: "ring 2s, answer, hang up 60s after bridge"}) as stage:
        first = stage.call()
        await asyncio.sleep(1)
        await stage.call().ended
        assert (await scrape(stage)).above_zero("ivr_refused_calls_total") == {("full",): 1}
        stopping = asyncio.create_task(stage.service.stop(drain=600))
        await asyncio.sleep(1)
        await stage.call().ended
        seen = await scrape(stage)
        assert seen.above_zero("ivr_refused_calls_total") == {("full",): 1, ("stopping",): 1}
        await _over(stage, first)
        await stopping


class Deaf(FileDirectory):
    """A marketplace that is not told of the end of calls, until it listens."""

    listens = False

    async def call_ended(self, record: CallRecord) -> None:
        if not self.listens:
            raise DirectoryError("not now")


async def test_what_the_marketplace_was_not_told_is_its_backlog(tmp_path: Path) -> None:
    deaf = Deaf(EXAMPLES / "directory.toml")
    async with scene(tmp_path, None, 100, PHONES, deaf) as stage:
        with capture_logs():
            await _over(stage, stage.call(MENU_2, CUSTOMER))
            await asyncio.sleep(100)
            seen = await scrape(stage)
            assert seen("ivr_marketplace_backlog_calls") == 1
            assert 90 < seen("ivr_marketplace_backlog_age_seconds") < 110
            assert seen("ivr_marketplace_requests_total", question="call_ended", result="failed") > 1
            assert seen("ivr_marketplace_requests_total", question="identify", result="ok") == 1
            assert seen("ivr_marketplace_seconds_count", question="identify") == 1
            deaf.listens = True
            await asyncio.sleep(100)
        seen = await scrape(stage)
        assert seen("ivr_marketplace_backlog_calls") == 0
        assert seen("ivr_marketplace_backlog_age_seconds") == 0
        assert seen("ivr_marketplace_requests_total", question="call_ended", result="ok") == 1


async def test_what_slack_was_not_told_is_its_backlog(tmp_path: Path) -> None:
    dead = {
        "slack_token": SecretStr("xoxb-test"),
        "slack_api": "http://127.0.0.1:9/",
        "slack_channel_order": "C0ORDERS",
    }
    with capture_logs():
        async with scene(tmp_path, None, 100, PHONES, **dead) as stage:
            await _over(stage, stage.call(MENU_2, CUSTOMER))
            await asyncio.sleep(100)
            seen = await scrape(stage)
    assert seen("ivr_slack_backlog_calls") == 1
    assert 90 < seen("ivr_slack_backlog_age_seconds") < 110
    assert seen("ivr_slack_requests_total", method="post", result="failed") > 1
    assert seen("ivr_slack_requests_total", method="post", result="ok") == 0
    assert seen("ivr_marketplace_backlog_calls") == 0


async def test_who_is_told_has_no_backlog(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        await _over(stage, stage.call(MENU_2, CUSTOMER))
        await asyncio.sleep(60)
        seen = await scrape(stage)
        assert seen("ivr_slack_backlog_calls") == seen("ivr_marketplace_backlog_calls") == 0
        assert seen("ivr_slack_requests_total", method="post", result="ok") > 1


async def test_without_a_journal_there_is_nothing_to_tell_of_it(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES, journal=False) as stage:
        await _over(stage, stage.call(MENU_2, CUSTOMER))
        seen = await scrape(stage)
        assert seen("ivr_calls_total", outcome="answered", target="office") == 1
        assert not any(name.startswith("ivr_slack_backlog") for name, _ in seen.samples)


async def test_what_runs_is_named(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        [(labels, value)] = [
            (dict(labels), value)
            for (name, labels), value in (await scrape(stage)).samples.items()
            if name == "ivr_build_info"
        ]
        await _over(stage, stage.call(MENU_2, CUSTOMER))
    [call] = Reader(open_engine(stage.service.settings.journal)).calls(Wanted())
    assert value == 1
    assert labels["version"]
    assert (labels["flow"], labels["plan"]) == (call.flow, call.plan)


async def test_no_phone_name_or_call_is_in_the_metrics(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        call = stage.call(MENU_2, CUSTOMER)
        await _over(stage, call)
        text = (await scrape(stage)).text
        assert not any(secret in text for secret in (CUSTOMER[-10:], OFFICE[0][-10:], call.uuid, "10542"))


async def test_openmetrics_is_spoken_to_whoever_asks_for_it(tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES) as stage:
        answer = await ask(stage, "/metrics", {"Accept": "application/openmetrics-text; version=1.0.0"})
        assert answer.kind.startswith("application/openmetrics-text")
        assert {family.name for family in text_string_to_metric_families(answer.text)} >= {"ivr_calls"}
        plain = await ask(stage, "/metrics")
        assert plain.kind.startswith("text/plain")


async def test_two_services_in_a_process_do_not_add_up(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with (
        scene(tmp_path, None, 100, PHONES) as stage,
        scene(tmp_path / "other", None, 100, PHONES) as other,
    ):
        await _over(stage, stage.call(MENU_2, CUSTOMER))
        assert (await scrape(stage))("ivr_digit_command_seconds_count") == 1
        assert (await scrape(other))("ivr_digit_command_seconds_count") == 0
