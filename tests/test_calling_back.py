"""Buttons on the calls that are over, on the whole service: called back, done. No claim is for ever."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Engine

from ivr_fsm.call.desk import Answer
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.simulator import Faults
from tests.house import ANSWERS, PHONE, RINGS, TALK, Open, another, house
from tests.scene import CUSTOMER, OFFICE

__all__ = ["house"]

pytestmark = pytest.mark.virtual


# Called back


async def test_called_back_and_done(house: Open) -> None:
    here = await house(
        {OFFICE[2]: [RINGS, "ring 4s, answer"], PHONE: "ring 6s, answer, hang up 300s after bridge"}
    )
    call = await here.missed()
    key = here.entry(call).key
    assert await here.desk.call_back(key, "Ольга") is Answer.TAKEN
    async with another(here) as (desk, office):
        await asyncio.sleep(2)
        assert await here.desk.call_back(key, "Анна") is Answer.CLAIMED
        assert await desk.call_back(key, "Анна") is Answer.CLAIMED
        await asyncio.sleep(200)  # longer than a claim holds that nobody renews
        assert [back.state for back in here.backs()] == ["connected"]
        assert await desk.call_back(key, "Анна") is Answer.CLAIMED
        await here.settled()
        assert await desk.call_back(key, "Анна") is Answer.DONE
        assert await here.desk.done(key, "Анна") is Answer.DONE
        assert office.rung == []
    [back] = here.backs()
    assert (back.back, back.status, back.phone, back.called) == (
        call.uuid,
        "answered:customer",
        PHONE,
        OFFICE[2],
    )
    assert here.entry(call).done
    assert here.told(call) == ["call_back"]


@pytest.mark.parametrize("there", [False, True])
async def test_of_two_who_press_at_once_one_calls_back(house: Open, there: bool) -> None:
    here = await house({OFFICE[0]: [RINGS, ANSWERS], PHONE: ANSWERS})
    key = here.entry(await here.missed()).key
    async with another(here) as (desk, office):
        both = here.desk.call_back(key, "Ольга"), (desk if there else here.desk).call_back(key, "Анна")
        assert sorted(await asyncio.gather(*both)) == [Answer.CLAIMED, Answer.TAKEN]
        await asyncio.sleep(60)
        await here.settled()
        assert len(here.backs()) + len(office.rung) == 1


@pytest.mark.parametrize(
    ("phones", "outcome", "told"),
    [
        ({}, None, "office_silent"),
        ({OFFICE[0]: [RINGS, "ring 2s, answer"], PHONE: "ring 3s, busy"}, "unanswered", None),
        ({OFFICE[0]: [RINGS, "ring 2s, answer"], PHONE: RINGS}, "unanswered", None),
        (
            {OFFICE[0]: [RINGS, "ring 2s, answer, hang up after 9s"], PHONE: RINGS},
            "abandoned:dialing_customer",
            None,
        ),
    ],
    ids=["office silent", "customer busy", "customer silent", "office hangs up"],
)
async def test_what_came_to_nothing_can_be_tried_again(
    house: Open, phones: dict[str, str | list[str]], outcome: str | None, told: str | None
) -> None:
    here = await house(phones)
    call = await here.missed()
    key = here.entry(call).key
    assert await here.desk.call_back(key, "Ольга") is Answer.TAKEN
    await asyncio.sleep(100)
    await here.settled()
    assert [back.status for back in here.backs()] == ([outcome] if outcome else [])
    assert (here.entry(call).claimed, here.entry(call).done) == (None, None)
    assert here.told(call) == ["call_back", *([told] if told else [])]
    assert await here.desk.call_back(key, "Анна") is Answer.TAKEN


async def test_the_office_hangs_up_on_the_customer(house: Open) -> None:
    phones: dict[str, str | list[str]] = {
        OFFICE[0]: [RINGS, f"ring 2s, answer, {TALK}"],
        PHONE: "ring 3s, answer",
    }
    here = await house(phones)
    call = await here.missed()
    await here.desk.call_back(here.entry(call).key, "Ольга")
    await asyncio.sleep(60)
    await here.settled()
    assert [back.status for back in here.backs()] == ["answered:customer"]
    assert here.entry(call).done


async def test_a_call_back_can_be_stopped(house: Open) -> None:
    here = await house({OFFICE[0]: [RINGS, "ring 2s, answer"], PHONE: RINGS})
    call = await here.missed()
    await here.desk.call_back(here.entry(call).key, "Ольга")
    await asyncio.sleep(10)
    [back] = here.backs()
    assert await here.desk.stop(back.key, "Анна") is Answer.TAKEN
    await here.settled()
    assert here.backs()[0].status == "stopped:dialing_customer"
    assert here.entry(call).claimed is None


async def test_the_connection_of_a_call_back_is_lost(house: Open) -> None:
    here = await house({OFFICE[0]: [RINGS, "ring 2s, answer"], PHONE: RINGS}, Faults(connection=2, drop_at=5))
    call = await here.missed()
    await here.desk.call_back(here.entry(call).key, "Ольга")
    await asyncio.sleep(30)
    await here.settled()
    assert [back.status for back in here.backs()] == ["failed"]
    assert here.entry(call).claimed is None


async def test_no_control_connection(house: Open) -> None:
    here = await house()
    call = await here.missed()
    here.service.control.close()
    await asyncio.sleep(1)
    assert await here.desk.call_back(here.entry(call).key, "Ольга") is Answer.TAKEN
    await asyncio.sleep(1)
    assert here.told(call) == ["call_back", "call_back_failed"]
    assert here.entry(call).claimed is None


async def test_what_cannot_be_called_back(house: Open) -> None:
    here = await house()
    live = here.stage.call("hang up at 30s", CUSTOMER)
    hidden = here.stage.call("hang up at 30s", "anonymous")
    await asyncio.sleep(5)
    assert await here.desk.call_back(here.entry(live).key, "Ольга") is Answer.LIVE
    assert await here.desk.done(here.entry(live).key, "Ольга") is Answer.LIVE
    await here.over(live)
    await here.over(hidden)
    assert await here.desk.call_back(here.entry(hidden).key, "Ольга") is Answer.NO_PHONE
    assert await here.desk.done(here.entry(hidden).key, "Ольга") is Answer.TAKEN


# No claim is for ever


async def test_a_claim_of_a_service_that_was_killed_ends_soon(house: Open) -> None:
    here = await house({OFFICE[0]: [RINGS, ANSWERS], PHONE: ANSWERS})
    call = await here.missed()
    key = here.entry(call).key
    killed = FollowUps(open_engine(here.service.settings.journal))
    assert killed.claim(key, "Ольга", here.service.now()) == "taken"
    killed.engine.dispose()
    assert await here.desk.call_back(key, "Анна") is Answer.CLAIMED
    await asyncio.sleep(120)
    assert here.told(call) == ["call_back", "interrupted"]
    assert await here.desk.call_back(key, "Анна") is Answer.TAKEN
    await asyncio.sleep(60)
    await here.settled()
    assert here.entry(call).done


async def test_a_stop_lets_the_office_go_and_the_claim_with_it(house: Open) -> None:
    here = await house({OFFICE[0]: [RINGS, "ring 9s, answer"]})
    call = await here.missed()
    key = here.entry(call).key
    await here.desk.call_back(key, "Ольга")
    await asyncio.sleep(3)
    waiting = here.stage.call("", CUSTOMER)
    await asyncio.sleep(1)
    stopping = asyncio.create_task(here.service.stop(drain=60))
    await asyncio.sleep(1)
    assert list(here.stage.switch.channels) == [waiting.uuid]
    assert here.told(call) == ["call_back", "interrupted"]
    assert here.entry(call).claimed is None
    assert await here.desk.call_back(key, "Анна") is Answer.FAILED
    await stopping


async def test_who_presses_in_the_instant_of_a_stop_rings_nobody(house: Open) -> None:
    here = await house({})
    call = await here.missed()
    key = here.entry(call).key
    rung = sum(len(here.stage.switch.phones[phone].legs) for phone in OFFICE)
    press = asyncio.create_task(here.desk.call_back(key, "Ольга"))
    await asyncio.sleep(0)
    await here.desk.stop_ringing()
    assert await press is Answer.FAILED
    await asyncio.sleep(3)
    assert sum(len(here.stage.switch.phones[phone].legs) for phone in OFFICE) == rung
    assert here.entry(call).claimed is None


async def test_a_call_back_that_a_stop_waits_for_is_done(house: Open) -> None:
    here = await house({OFFICE[0]: [RINGS, "ring 2s, answer"], PHONE: ANSWERS})
    call = await here.missed()
    await here.desk.call_back(here.entry(call).key, "Ольга")
    await asyncio.sleep(5)
    await here.service.stop(drain=600)
    assert [back.status for back in here.backs()] == ["answered:customer"]
    assert here.entry(call).done


# The journal fails


async def test_without_the_journal_a_button_says_so(house: Open) -> None:
    here = await house()
    call = await here.missed()
    key, url = here.entry(call).key, here.service.settings.journal
    async with another(here) as (desk, office):
        desk._follow_ups = _Failing(url)
        for answer in (
            desk.send(key, "office", "О"),
            desk.stop(key, "О"),
            desk.call_back(key, "О"),
            desk.done(key, "О"),
        ):
            assert await answer is Answer.FAILED
        assert office.rung == []


async def test_what_cannot_be_noted_is_put_right_later(house: Open) -> None:
    here = await house({OFFICE[0]: [RINGS, ANSWERS], PHONE: ANSWERS})
    call = await here.missed()
    sound, here.desk._follow_ups = here.desk._follow_ups, _Failing(here.service.settings.journal)
    here.desk._follow_ups.fails = False
    await here.desk.call_back(here.entry(call).key, "Ольга")
    await asyncio.sleep(15)
    here.desk._follow_ups.fails = True
    await asyncio.sleep(60)
    await here.settled()
    assert here.entry(call).done is None
    here.desk._follow_ups = sound
    await asyncio.sleep(120)
    assert here.entry(call).done
    assert here.told(call) == ["call_back"]


class _Failing(FollowUps):
    """Follow-ups in a database that can be away."""

    fails = True

    def __init__(self, url: str) -> None:
        self._sound, self._away = open_engine(url), open_engine(f"{url}.away")

    @property
    def engine(self) -> Engine:  # type: ignore[override]
        return self._away if self.fails else self._sound
