"""Buttons of the inspector from the browser's request to the switch, with the whole service."""

from __future__ import annotations

import asyncio
import re

import pytest
from aiohttp import ClientSession, DummyCookieJar
from tests.house import CENTRE, TALK, House, Open, house
from tests.scene import CUSTOMER, OFFICE

from ivr_fsm.simulator.observed import Call

__all__ = ["house"]

pytestmark = pytest.mark.virtual

BY = "Инспектор"
TAKEN = "Принято. Что из этого вышло, видно ниже."


class Visitor:
    """Somebody with a browser on this machine."""

    def __init__(self, session: ClientSession, here: House) -> None:
        self._session = session
        self.here = here
        self.origin = f"http://127.0.0.1:{here.service.web.port}"

    async def page(self, call: Call, query: str = "") -> str:
        key = self.here.entry(call).key
        async with self._session.get(f"{self.origin}/calls/{key}{query}") as answer:
            assert answer.status == 200
            return await answer.text()

    async def press(self, call: Call, action: str) -> str:
        """Press the button, and return what the page says that came of it."""
        key = self.here.entry(call).key
        async with self._session.post(
            f"{self.origin}/calls/{key}/{action}", headers={"Origin": self.origin}
        ) as answer:
            assert answer.status == 200, "the page of the call is shown again"
            assert answer.url.path == f"/calls/{key}"
            [said] = re.findall(r'<p class="notice \w+" role="status">([^<]+)</p>', await answer.text())
            return str(said)

    async def buttons(self, call: Call) -> set[str]:
        found = re.findall(r'action="\.\./calls/\d+/(\w+)"', await self.page(call))
        return set(found)

    def pressed_by(self, call: Call, event: str) -> list[str]:
        steps = self.here.reader.steps(self.here.entry(call).key)
        return [step.body["event"]["by"] for step in steps if step.event == event]


def session() -> ClientSession:
    return ClientSession(cookie_jar=DummyCookieJar())


async def test_sent_on(house: Open) -> None:
    here = await house({CENTRE: f"ring 5s, answer, {TALK}"})
    call = here.stage.call("press 2 3s into FW3", CUSTOMER)
    await asyncio.sleep(20)
    async with session() as opened:
        visitor = Visitor(opened, here)
        assert await visitor.buttons(call) == {"send_call_centre", "stop"}
        assert await visitor.press(call, "send_call_centre") == TAKEN
        await asyncio.sleep(1)
        assert here.entry(call).state == "dialing_call_centre"
        assert visitor.pressed_by(call, "SendWanted") == [BY]
        await here.over(call)
        assert here.entry(call).status == "answered:call_centre"
        assert await visitor.press(call, "send_call_centre") != TAKEN, "it is over"
        assert visitor.pressed_by(call, "SendWanted") == [BY]


async def test_stopped(house: Open) -> None:
    here = await house()
    call = here.stage.call("", CUSTOMER)
    await asyncio.sleep(11)
    async with session() as opened:
        visitor = Visitor(opened, here)
        assert await visitor.press(call, "stop") == TAKEN
        await here.over(call)
        assert here.entry(call).status == "stopped:menu"
        assert visitor.pressed_by(call, "StopWanted") == [BY]
        assert "stop" not in await visitor.buttons(call)


async def test_called_back_once_and_that_is_all(house: Open) -> None:
    office = {phone: ["ring 300s, busy", f"ring 2s, answer, {TALK}"] for phone in OFFICE}
    here = await house({**office, CUSTOMER: f"ring 3s, answer, {TALK}"})
    call = await here.missed()
    async with session() as opened:
        visitor = Visitor(opened, here)
        assert await visitor.buttons(call) == {"call_back", "done"}
        assert await visitor.press(call, "call_back") == TAKEN
        assert "call_back" not in await visitor.buttons(call), "somebody calls back already"
        assert await visitor.press(call, "call_back") != TAKEN
        await asyncio.sleep(60)
        await here.settled()
        [back] = here.backs()
        assert here.entry(call).done
        page = await visitor.page(call)
        assert f"/calls/{back.key}" in page
        assert BY in page
        [did] = here.reader.follow_ups(here.entry(call).key)[:1]
        assert (did.what, did.by) == ("call_back", BY)


async def test_done(house: Open) -> None:
    here = await house()
    call = await here.missed()
    async with session() as opened:
        visitor = Visitor(opened, here)
        assert await visitor.press(call, "done") == TAKEN
        assert await visitor.press(call, "done") != TAKEN, "somebody has said so already"
        assert await visitor.buttons(call) == set()
        [did] = here.reader.follow_ups(here.entry(call).key)
        assert (did.what, did.by) == ("done", BY)
        assert BY in await visitor.page(call)


async def test_a_page_of_a_live_call_moves_and_ends(house: Open) -> None:
    here = await house({OFFICE[0]: f"ring 5s, answer, {TALK}"})
    call = here.stage.call("press 2 3s into FW3", CUSTOMER)
    await asyncio.sleep(2)
    async with session() as opened:
        visitor = Visitor(opened, here)
        key = here.entry(call).key
        async with opened.get(f"{visitor.origin}/live?call={key}") as stream:
            await here.over(call)
            text = await stream.text()
    names = re.findall(r"^event: (\w+)$", text, re.MULTILINE)
    assert names[0] == "clock"
    assert names[-1] == "over"
    moved = [int(each) for each in re.findall(r"^event: moved\ndata: (\d+)$", text, re.MULTILINE)]
    assert len(moved) > 3
    assert moved == sorted(set(moved))
