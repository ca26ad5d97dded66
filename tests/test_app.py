"""The whole service on the simulated switch: what operating it means for callers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from ivr_fsm.simulator import Faults
from tests.scene import OFFICE, Scene, scene

pytestmark = pytest.mark.virtual

Begin = Callable[..., Awaitable[Scene]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    async with AsyncExitStack() as stack:

        async def start(
            faults: Faults | None = None, max_calls: int = 100, phones: dict[str, str] | None = None
        ) -> Scene:
            return await stack.enter_async_context(scene(tmp_path, faults, max_calls, phones or {}))

        yield start


def _recordings(folder: Path) -> list[str]:
    return [file.name for file in folder.glob("*.wav")]


async def test_calls_at_once_do_not_disturb_each_other(begin: Begin) -> None:
    stage = await begin(phones={OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"})
    calls = [stage.call() for _ in range(50)]
    for call in calls:
        await call.ended
    await stage.service.live.emptied()
    await asyncio.sleep(1)
    assert stage.watch.outcomes == ["answered:office"] * 50
    assert stage.switch.channels == {}


async def test_a_call_too_many_is_left_to_the_dialplan(begin: Begin) -> None:
    stage = await begin(max_calls=1)
    calls = stage.call(), stage.call()
    await asyncio.wait([call.ended for call in calls], return_when=asyncio.FIRST_COMPLETED)
    assert [call.fell_through for call in calls if call.ended.done()] == [True]


async def test_a_stop_lets_calls_end_and_takes_no_new_ones(begin: Begin) -> None:
    stage = await begin(phones={OFFICE[0]: "ring 2s, answer, hang up 60s after bridge"})
    first = stage.call()
    await asyncio.sleep(20)
    stopping = asyncio.create_task(stage.service.stop(drain=600))
    await asyncio.sleep(1)
    second = stage.call()
    await second.ended
    assert second.fell_through
    assert not first.ended.done()
    await stopping
    assert first.ended.done()
    assert stage.watch.outcomes == ["answered:office"]


@pytest.mark.parametrize("when", ["full", "stopping"])
async def test_a_transferred_caller_is_let_in_whatever_happens(begin: Begin, when: str) -> None:
    stage = await begin(
        max_calls=1,
        phones={
            OFFICE[0]: "ring 2s, answer, transfer to 74951110021 20s after bridge",
            "74951110021": "ring 2s, answer, hang up 5s after bridge",
        },
    )
    call = stage.call()
    await asyncio.sleep(20)
    stopping = asyncio.create_task(stage.service.stop(drain=600)) if when == "stopping" else None
    await call.ended
    await stage.service.live.emptied()
    assert stage.watch.outcomes == ["answered:transfer"]
    if stopping:
        await stopping


async def test_a_caller_who_comes_back_to_a_restarted_service_is_rung_for_anew(begin: Begin) -> None:
    phones = {OFFICE[0]: "ring 30s, answer, hang up 5s after bridge"}
    stage = await begin(faults=Faults(connection=1, drop_at=12), phones=phones)
    stage.service.control.close()
    stage.switch.sockets = [*stage.switch.sockets, *stage.switch.sockets]
    call = stage.call()
    await call.ended
    await stage.service.live.emptied()
    assert stage.watch.outcomes == ["failed", "answered:office"]


async def test_a_stop_that_cannot_wait_leaves_the_conversation_alone(begin: Begin) -> None:
    stage = await begin(phones={OFFICE[0]: "ring 2s, answer, hang up 60s after bridge"})
    call = stage.call()
    await asyncio.sleep(20)
    await stage.service.stop(drain=0)
    await call.ended
    assert call.bridged_to[0].stop - call.bridged_to[0].start == pytest.approx(60, abs=1)


async def test_a_connection_lost_while_phones_ring_releases_them_and_the_dialplan_goes_on(
    begin: Begin,
) -> None:
    stage = await begin(faults=Faults(drop_at=15))
    call = stage.call()
    await asyncio.sleep(14)
    assert len(stage.targets(call)) == len(OFFICE)
    await call.ended
    await asyncio.sleep(2)
    assert call.fell_through
    assert stage.switch.channels == {}, "a phone went on ringing for nobody"
    assert stage.watch.outcomes == ["failed"]


async def test_a_second_line_of_the_dialplan_takes_over(begin: Begin, tmp_path: Path) -> None:
    stage = await begin(
        faults=Faults(connection=1, drop_at=5),
        phones={OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"},
    )
    stage.switch.sockets = [*stage.switch.sockets, *stage.switch.sockets]
    call = stage.call()
    await call.ended
    await stage.service.live.emptied()
    assert call.connections == 2
    assert stage.watch.outcomes == ["failed", "answered:office"]


async def test_the_conversation_is_recorded_under_a_name_without_personal_data(
    begin: Begin, tmp_path: Path
) -> None:
    stage = await begin(phones={OFFICE[0]: "ring 2s, answer, hang up 5s after bridge"})
    call = stage.call()
    await call.ended
    await stage.service.live.emptied()
    assert _recordings(tmp_path) == [f"{call.uuid}.wav"]


@pytest.mark.parametrize(
    "script",
    [
        "hang up at 0.01s",
        "hang up 0.001s into FW1",
        "hang up 0.001s into FW8",
        "hang up at 10.79s",
        "hang up at 10.8s",
        "hang up at 10.81s",
        "hang up at 10.82s",
        "hang up at 10.85s",
        "hang up 0s after bridge",
        "hang up 0.01s after bridge",
    ],
)
async def test_no_leg_is_left_whenever_the_caller_hangs_up(begin: Begin, script: str) -> None:
    stage = await begin(phones={OFFICE[0]: "ring 2s, answer", OFFICE[1]: "ring 2s, answer"})
    call = stage.call(script)
    await call.ended
    await stage.service.live.emptied()
    await asyncio.sleep(1)
    assert stage.switch.channels == {}
    assert len(stage.watch.outcomes) == 1
