"""Buttons on the calls that are live, on the whole service and from another instance: sent on, ended."""

from __future__ import annotations

import asyncio

import pytest

from ivr_fsm.call.desk import Answer
from ivr_fsm.simulator import Faults
from tests.house import ANSWERS, CENTRE, SHOP, TALK, Open, another, house
from tests.scene import CUSTOMER, KNOWN, OFFICE

__all__ = ["house"]

pytestmark = pytest.mark.virtual


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
