"""The verdict on each recording: the whole service on the simulated switch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import ClientSession
from structlog.testing import capture_logs
from tests.scene import OFFICE, Scene, scene

from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader
from ivr_fsm.recordings.examiner import GROWING, SETTLING, Examiner
from ivr_fsm.simulator.observed import Call

pytestmark = pytest.mark.virtual

Begin = Callable[..., Awaitable[Scene]]
TALKS = {OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"}
HEADER = bytes.fromhex(
    "52494646080000005741564566 6d742010000000 01000200401f0000007d000004001000 6461746100000000"
)
"""What FreeSWITCH begins a recording with."""


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    async with AsyncExitStack() as stack:

        async def start(phones: dict[str, str]) -> Scene:
            return await stack.enter_async_context(scene(tmp_path, None, 10, phones))

        yield start


async def talk(stage: Scene, number: str = "79161234569") -> Call:
    call = stage.call(number=number)
    await call.ended
    await stage.service.live.emptied()
    return call


def entry(stage: Scene, call: Call) -> CallEntry:
    [found] = Reader(open_engine(stage.service.settings.journal)).call(call.uuid)
    return found


def verdict(stage: Scene, call: Call) -> tuple[str | None, float | None]:
    found = entry(stage, call)
    return found.recording, found.recording_seconds


def file_of(call: Call, folder: Path) -> Path:
    return folder / f"{call.uuid}.wav"


def catching_up(stage: Scene) -> Examiner:
    settings = stage.service.settings
    return Examiner(
        open_engine(settings.journal), settings.instance, settings.recordings, asyncio.get_running_loop()
    )


async def test_a_conversation_is_recorded_and_looked_at_after_its_end(begin: Begin) -> None:
    stage = await begin(TALKS)
    with capture_logs() as logs:
        call = await talk(stage)
        assert verdict(stage, call) == (None, None)
        await asyncio.sleep(SETTLING + 1)
    said, seconds = verdict(stage, call)
    assert said == "ok"
    assert seconds == pytest.approx(5, abs=0.2)
    assert [line for line in logs if line["event"] == "recording faulty"] == []


async def test_a_transferred_caller_has_one_recording_of_it_all(begin: Begin) -> None:
    stage = await begin(
        {
            OFFICE[0]: "ring 2s, answer, transfer to 74951110021 5s after bridge",
            "74951110021": "ring 2s, answer, hang up 7s after bridge",
        }
    )
    call = await talk(stage)
    await asyncio.sleep(SETTLING + 1)
    said, seconds = verdict(stage, call)
    assert said == "ok"
    assert seconds == pytest.approx(14, abs=0.5)


async def test_the_service_serves_it(begin: Begin, tmp_path: Path) -> None:
    stage = await begin(TALKS)
    call = await talk(stage)
    url = f"http://127.0.0.1:{stage.service.web.port}/recordings/{call.uuid}.wav"
    async with ClientSession() as session:
        async with session.get(url) as answer:
            assert await answer.read() == file_of(call, tmp_path).read_bytes()
        file_of(call, tmp_path).unlink()
        async with session.get(url) as answer:
            assert answer.status == 404


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (Path.unlink, "missing"),
        (lambda file: file.write_bytes(b""), "no WAV: it ends too early"),
        (lambda file: file.write_bytes(HEADER), "empty: a header without sound"),
        (
            lambda file: file.write_bytes(HEADER + bytes(32_000)),
            "not closed: its header tells of 0 of 8000 frames",
        ),
    ],
)
async def test_a_faulty_one_is_reported_once_by_its_call(
    begin: Begin, tmp_path: Path, spoil: Callable[[Path], object], why: str
) -> None:
    stage = await begin(TALKS)
    with capture_logs() as logs:
        call = await talk(stage)
        spoil(file_of(call, tmp_path))
        await asyncio.sleep(4000)
    assert verdict(stage, call)[0] == why
    told = [line for line in logs if line["event"] == "recording faulty"]
    assert [(line["call"], line["why"]) for line in told] == [(call.uuid, why)]


async def test_a_link_in_its_place_is_no_recording(begin: Begin, tmp_path: Path) -> None:
    stage = await begin(TALKS)
    call = await talk(stage)
    file_of(call, tmp_path).rename(tmp_path / "elsewhere.wav")
    file_of(call, tmp_path).symlink_to(tmp_path / "elsewhere.wav")
    await asyncio.sleep(SETTLING + 1)
    assert verdict(stage, call)[0] == "missing"


async def test_nothing_is_said_of_calls_without_a_conversation(begin: Begin) -> None:
    stage = await begin({})
    call = stage.call("hang up at 20s")
    await call.ended
    await stage.service.live.emptied()
    await asyncio.sleep(SETTLING + 1)
    assert verdict(stage, call) == ("", None)


async def test_what_was_not_looked_at_at_a_stop_is_caught_up(begin: Begin) -> None:
    stage = await begin(TALKS)
    call = await talk(stage)
    await stage.service.stop(drain=0)
    assert verdict(stage, call) == (None, None)
    examiner = catching_up(stage)
    examiner.start()
    await asyncio.sleep(1)
    assert verdict(stage, call)[0] == "ok"
    await examiner.close()


async def test_a_conversation_that_goes_on_without_the_service_is_waited_for(
    begin: Begin, tmp_path: Path
) -> None:
    stage = await begin({OFFICE[0]: "ring 2s, answer, hang up 60s after bridge"})
    call = stage.call()
    await asyncio.sleep(20)
    await stage.service.stop(drain=0)
    examiner = catching_up(stage)
    examiner.start()
    file = file_of(call, tmp_path)
    await asyncio.sleep(GROWING / 2)  # from here on half way between two looks
    for _ in range(2):
        file.write_bytes(HEADER + bytes(file.stat().st_size))  # FreeSWITCH writes on
        await asyncio.sleep(GROWING)
        assert verdict(stage, call) == (None, None)
    assert call.ended.done()
    await asyncio.sleep(GROWING)
    said, seconds = verdict(stage, call)
    assert said == "ok"
    assert seconds == pytest.approx(60, abs=0.5)
    await examiner.close()


async def test_a_failing_database_is_tried_again(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    stage = await begin(TALKS)
    call = await talk(stage)
    examiner = stage.service.books.examiner
    assert examiner is not None
    note = examiner._ledger.note
    monkeypatch.setattr(examiner._ledger, "note", lambda *_: 1 / 0)
    with capture_logs() as logs:
        await asyncio.sleep(SETTLING + 1)
    assert [line["call"] for line in logs if line["event"] == "recording not looked at"] == [call.uuid]
    monkeypatch.setattr(examiner._ledger, "note", note)
    await asyncio.sleep(3600)
    assert verdict(stage, call)[0] == "ok"


async def test_the_end_of_the_writers_steps_leaves_the_verdict_alone(begin: Begin) -> None:
    stage = await begin(TALKS)
    call = stage.call()
    await asyncio.sleep(15)
    engine = open_engine(stage.service.settings.journal)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE calls SET recording = 'as it was'")
    await call.ended
    await stage.service.live.emptied()
    assert entry(stage, call).outcome == "answered:office"
    assert verdict(stage, call) == ("as it was", None)
    engine.dispose()
