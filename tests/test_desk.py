"""Buttons on the whole service, on the simulated switch: sent on, ended, called back, done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ivr_fsm.call.desk import Answer
from ivr_fsm.call.registry import Registry
from ivr_fsm.desk import JournalDesk
from ivr_fsm.esl.callback import Missed
from ivr_fsm.journal.cards import Cards
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.followups import FollowUps
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.wishes import Wishes
from ivr_fsm.relay import Relay
from ivr_fsm.simulator import Faults
from ivr_fsm.simulator.observed import Call
from tests.scene import CUSTOMER, KNOWN, OFFICE, Scene, scene

pytestmark = pytest.mark.virtual

CENTRE, SHOP, PARTNER = "74951110021", "74951110001", "74951110002"
PHONE = f"+{CUSTOMER}"
TALK = "hang up 20s after bridge"
ANSWERS = f"ring 5s, answer, {TALK}"
RINGS = "ring 300s, busy"


class House:
    """A service with its switch, and what the journal says."""

    def __init__(self, stage: Scene) -> None:
        self.stage, self.service = stage, stage.service
        assert self.service.desk is not None
        self.desk = self.service.desk
        self._engine = open_engine(self.service.settings.journal)
        self.reader = Reader(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    def entry(self, call: Call) -> CallEntry:
        [found] = self.reader.call(call.uuid)
        return found

    def backs(self) -> list[CallEntry]:
        return [call for call in self.reader.each(Wanted()) if call.back]

    def told(self, call: Call) -> list[str]:
        found = Cards(self._engine, self.service.settings.instance).find(self.entry(call).key)
        assert found is not None
        return [each.what for each in found.follow_ups]

    async def missed(self) -> Call:
        """A call whose caller gives up while the office rings."""
        call = self.stage.call("press 2 2s into FW3, hang up 1s into FW7", CUSTOMER)
        await call.ended
        await self.service.live.emptied()
        await asyncio.sleep(1)
        return call

    async def over(self, call: Call) -> None:
        await call.ended
        await self.settled()

    async def settled(self) -> None:
        await self.service.live.emptied()
        await asyncio.sleep(1)
        assert self.stage.switch.channels == {}


Open = Callable[..., Awaitable[House]]


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_(
            phones: dict[str, str | list[str]] | None = None, faults: Faults | None = None
        ) -> House:
            made = House(await stack.enter_async_context(scene(tmp_path, faults, 100, phones or {})))
            stack.callback(made.close)
            return made

        yield open_


class Rings:
    """An office that rings for ever."""

    def __init__(self) -> None:
        self.rung: list[Missed] = []

    async def ring(self, missed: Missed) -> str:
        self.rung.append(missed)
        await asyncio.sleep(3600)
        raise AssertionError


@asynccontextmanager
async def another(house: House, instance: str = "another") -> AsyncIterator[tuple[JournalDesk, Rings]]:
    """The desk of another instance with the same journal, which has no calls."""
    url, live, office = house.service.settings.journal, Registry(), Rings()
    relay = Relay(Wishes(open_engine(url)), live, instance)
    desk = JournalDesk(FollowUps(open_engine(url)), relay, live, office, house.service.now)
    await desk.start()
    yield desk, office
    await desk.close()


# Sent on, and ended


@pytest.mark.parametrize(
    ("where", "caller", "at", "target"),
    [
        ("greeting", ("", CUSTOMER), 3, "call_centre"),
        ("greeting", ("", KNOWN), 3, "office"),
        ("menu", ("", CUSTOMER), 11, "office"),
        ("dialing_shop", ("press 1 3s into FW3", CUSTOMER), 25, "office"),
        ("dialing_office", ("press 2 3s into FW3", CUSTOMER), 20, "call_centre"),
        ("dialing_call_centre", ("", KNOWN), 25, "office"),
        ("partner_notice", ("", SHOP), 3, "call_centre"),
    ],
)
async def test_sent_on_wherever_the_caller_waits(
    house: Open, where: str, caller: tuple[str, str], at: float, target: str
) -> None:
    here = await house({OFFICE[1]: f"ring 35s, answer, {TALK}", CENTRE: f"ring 35s, answer, {TALK}"})
    call = here.stage.call(*caller)
    await asyncio.sleep(at)
    assert here.entry(call).state == where
    assert await here.desk.send(here.entry(call).key, target, "Ольга") is Answer.TAKEN  # type: ignore[arg-type]
    await asyncio.sleep(1)
    assert here.entry(call).state == f"dialing_{target}"
    await here.over(call)
    assert here.entry(call).status.startswith("answered:")


@pytest.mark.parametrize(
    ("where", "phones"),
    [
        ("announcing", {SHOP: "ring 9s, answer, hang up 60s after bridge"}),
        ("connected", {SHOP: "ring 1s, answer, hang up 60s after bridge"}),
    ],
)
async def test_sent_on_too_late_nothing_is_disturbed(
    house: Open, where: str, phones: dict[str, str | list[str]]
) -> None:
    here = await house(phones)
    call = here.stage.call("press 1 3s into FW3", CUSTOMER)
    await asyncio.sleep(23)
    assert here.entry(call).state == where
    assert await here.desk.send(here.entry(call).key, "office", "Ольга") is Answer.TAKEN
    await here.over(call)
    assert here.entry(call).status == "answered:shop"
    assert here.stage.switch.phones[OFFICE[0]].legs == []


@pytest.mark.parametrize(
    ("at", "script", "phones", "outcome"),
    [
        (3, "", {}, "stopped:greeting"),
        (11, "", {}, "stopped:menu"),
        (25, "press 1 3s into FW3", {}, "stopped:dialing_shop"),
        (20, "press 1 3s into FW3", {SHOP: "ring 5s, answer"}, "stopped:announcing"),
        (40, "press 2 3s into FW3", {OFFICE[0]: "ring 5s, answer"}, "answered:office"),
    ],
)
async def test_ended_wherever_the_call_is(
    house: Open, at: float, script: str, phones: dict[str, str | list[str]], outcome: str
) -> None:
    here = await house(phones)
    call = here.stage.call(script, CUSTOMER)
    await asyncio.sleep(at)
    assert await here.desk.stop(here.entry(call).key, "Ольга") is Answer.TAKEN
    await asyncio.sleep(1)
    assert call.ended.done()
    await here.over(call)
    assert here.entry(call).status == outcome
    assert await here.desk.stop(here.entry(call).key, "Ольга") is Answer.OVER
    assert await here.desk.send(here.entry(call).key, "office", "Ольга") is Answer.OVER


async def test_a_call_that_there_is_not(house: Open) -> None:
    desk = (await house()).desk
    for answer in (
        desk.send(99, "office", "О"),
        desk.stop(99, "О"),
        desk.call_back(99, "О"),
        desk.done(99, "О"),
    ):
        assert await answer is Answer.UNKNOWN


async def test_a_caller_who_came_back_is_another_call(house: Open) -> None:
    here = await house({OFFICE[0]: f"ring 30s, answer, {TALK}"}, Faults(connection=1, drop_at=12))
    here.stage.switch.sockets = [*here.stage.switch.sockets, *here.stage.switch.sockets]
    call = here.stage.call("", KNOWN)
    await asyncio.sleep(30)
    second, first = here.reader.call(call.uuid)
    assert (first.status, second.status) == ("failed", "live")
    assert await here.desk.stop(first.key, "Ольга") is Answer.OVER
    await call.ended
    await here.settled()
    assert here.reader.call(call.uuid)[0].status == "answered:office"


# Of another instance


async def test_a_button_finds_its_call_at_another_instance(house: Open) -> None:
    here = await house({CENTRE: ANSWERS})
    call = here.stage.call("press 2 3s into FW3", CUSTOMER)
    await asyncio.sleep(20)
    async with another(here) as (desk, _):
        assert await desk.send(here.entry(call).key, "call_centre", "Ольга") is Answer.TAKEN
        await asyncio.sleep(1)
        assert here.entry(call).state == "dialing_call_centre"
        assert await desk.stop(here.entry(call).key, "Ольга") is Answer.TAKEN
        await here.over(call)
        assert await desk.stop(here.entry(call).key, "Ольга") is Answer.OVER
    assert here.entry(call).status == "stopped:dialing_call_centre"


async def test_an_instance_that_is_silent_is_not_waited_for_and_does_nothing_later(house: Open) -> None:
    here = await house({OFFICE[0]: f"ring 30s, answer, {TALK}"})
    here.desk._relay._listening.cancel()  # type: ignore[union-attr]
    call = here.stage.call("press 2 3s into FW3", CUSTOMER)
    await asyncio.sleep(20)
    async with another(here) as (desk, _):
        assert await desk.stop(here.entry(call).key, "Ольга") is Answer.FAILED
        here.desk._relay.start()
        await here.over(call)
    assert here.entry(call).status == "answered:office"


async def test_a_call_that_its_own_instance_has_lost(house: Open) -> None:
    here = await house()
    call = here.stage.call("", CUSTOMER)
    await asyncio.sleep(3)
    async with another(here, here.service.settings.instance) as (desk, _):
        assert await desk.stop(here.entry(call).key, "Ольга") is Answer.FAILED
    await here.desk.stop(here.entry(call).key, "Ольга")
    await here.over(call)


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
