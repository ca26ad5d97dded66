"""The whole service with the marketplace's API as its directory: a call, an API that is dead, a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivr_fsm.app import build, utc_now
from ivr_fsm.directory.breaker import FAILURES
from ivr_fsm.directory.contract import CALLER, CALLS
from ivr_fsm.directory.deliveries import EVERY, Deliveries
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.directory.port import DirectoryError
from ivr_fsm.flow.events import CallerIdentified
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.records import JournalOutbox
from ivr_fsm.settings import Settings
from tests.directory.marketplace import TOKEN, Marketplace, answers, marketplace, says, slow
from tests.scene import CUSTOMER, OFFICE, PROMPTS, Scene, scene

pytestmark = pytest.mark.virtual

PHONES = {OFFICE[0]: "ring 2s, answer, hang up 60s after bridge"}


@pytest.fixture
async def market() -> AsyncIterator[Marketplace]:
    async with marketplace() as served:
        yield served


async def played(stage: Scene, script: str = "press 2 1s into FW3", number: str = CUSTOMER) -> None:
    await stage.call(script, number).ended
    await stage.service.live.emptied()


def steps(folder: Path) -> list[list[StepEntry]]:
    engine = open_engine(f"sqlite:///{folder}/journal.db")
    reader = Reader(engine)
    found = [reader.steps(call.key) for call in reader.calls(Wanted())]
    engine.dispose()
    return sorted(found, key=lambda call: call[0].mono)


def identified_after(call: list[StepEntry]) -> float:
    """Return the seconds of the loop's clock from the arrival until the caller was known, or given up."""
    return next(step.mono for step in call if step.before == "identifying" and step.moved) - call[0].mono


@pytest.mark.parametrize("journal", [True, False], ids=["journal", "none"])
async def test_a_call_is_identified_and_told_of(market: Marketplace, tmp_path: Path, journal: bool) -> None:
    http = HttpDirectory(market.address, TOKEN)
    async with scene(tmp_path, None, 100, PHONES, http, journal=journal) as stage:
        await played(stage)
        await asyncio.sleep(1)
        [told] = market.stub.calls.values()
    assert (told.caller, told.order, told.outcome) == (f"+{CUSTOMER}", "10542", "answered:office")
    assert told.answered_by
    assert told.answered_by.model_dump() == {
        "target": "office",
        "phone": f"+{OFFICE[0]}",
        "name": "Анна",
        "description": "",
    }
    assert told.waited is not None
    assert told.talked is not None
    assert market.keys == [told.id]


async def test_a_call_that_ends_with_the_service_is_told_of(market: Marketplace, tmp_path: Path) -> None:
    async with scene(tmp_path, None, 100, PHONES, HttpDirectory(market.address, TOKEN)) as stage:
        stage.call("press 2 1s into FW3", CUSTOMER)
        await asyncio.sleep(40)
        assert market.stub.calls == {}
    [told] = market.stub.calls.values()
    assert told.outcome == "answered:office"


async def test_a_dead_api_makes_callers_unknown_within_the_limit_and_then_at_once(
    market: Marketplace, tmp_path: Path
) -> None:
    market.fail(CALLER, then=slow(60))
    market.fail(CALLS, then=answers(500))
    async with scene(tmp_path, None, 100, PHONES, HttpDirectory(market.address, TOKEN)) as stage:
        for _ in range(FAILURES + 2):
            await played(stage, "")
            await asyncio.sleep(1)
        assert stage.watch.outcomes == ["answered:office"] * (FAILURES + 2)
    calls = steps(tmp_path)
    waits = [identified_after(call) for call in calls]
    assert all(wait == pytest.approx(1.8, abs=0.2) for wait in waits[:FAILURES])
    assert max(waits[FAILURES:]) < 0.1
    whys = [
        step.body["event"]["caller"]["why"] for step in calls[-1] if step.event == CallerIdentified.__name__
    ]
    assert "not asked" in whys[0]


async def test_rubbish_makes_the_caller_unknown_and_says_which_field(
    market: Marketplace, tmp_path: Path
) -> None:
    market.fail(CALLER, then=says({"kind": "customer", "name": 7}))
    async with scene(tmp_path, None, 100, PHONES, HttpDirectory(market.address, TOKEN)) as stage:
        with capture_logs() as lines:
            await played(stage, "")
        assert stage.watch.outcomes == ["answered:office"]
    assert [line["error"] for line in lines if line["event"] == "identify failed"] == [
        "identify: name: must be text"
    ]


async def test_what_a_dead_api_was_not_told_it_is_told_after_the_restart(
    market: Marketplace, tmp_path: Path
) -> None:
    market.fail(CALLS, then=answers(503, headers={"Retry-After": "300"}))
    async with scene(tmp_path, None, 100, PHONES, HttpDirectory(market.address, TOKEN)) as stage:
        for _ in range(3):
            await played(stage)
            await asyncio.sleep(2)
    first = list(market.keys)
    assert market.stub.calls == {}
    market.heal()
    settings = stage.service.settings
    async with market.client() as http:
        outbox = JournalOutbox(open_engine(settings.journal), settings.instance, "RU", utc_now)
        again = Deliveries(http, outbox)
        again.start()
        await asyncio.sleep(1)
        assert len(market.stub.calls) == 3
        assert first[0] in market.stub.calls, "the same call has the same key"
        asked = market.asked[CALLS]
        await asyncio.sleep(3 * EVERY)
        assert market.asked[CALLS] == asked
        await again.close()


async def test_the_settings_say_which_directory_it_is(
    market: Marketplace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = {"PROMPTS": str(PROMPTS), "JOURNAL": "none", "MARKETPLACE": market.address}
    for name, value in names.items():
        monkeypatch.setenv(f"IVR_{name}", value)
    with pytest.raises(DirectoryError, match="IVR_MARKETPLACE_TOKEN"):
        build(Settings())
    monkeypatch.setenv("IVR_MARKETPLACE_TOKEN", TOKEN)
    service = build(Settings())
    assert isinstance(service.directory, HttpDirectory)
    await service.directory.check()
    await service.stop(drain=0)
    monkeypatch.setenv("IVR_DIRECTORY", "directory.toml")
    with pytest.raises(DirectoryError, match="IVR_DIRECTORY and IVR_MARKETPLACE are both set"):
        build(Settings())
