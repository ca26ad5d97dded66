"""The phones of the office ring for a call back, on the simulated switch over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import pytest

from ivr_fsm.esl.callback import CallBacks, CannotRing, Missed, OfficeSilent
from ivr_fsm.esl.control import ControlConnection
from ivr_fsm.esl.link import Link
from ivr_fsm.esl.outbound import OutboundServer
from ivr_fsm.esl.switch import Trunk
from ivr_fsm.esl.translate import Headers
from ivr_fsm.flow.events import CallArrived
from ivr_fsm.simulator import PhoneBook, SimulatedSwitch
from ivr_fsm.simulator.phones import Script

pytestmark = pytest.mark.virtual

OFFICE = ("+7 495 111-00-11", "74951110012", "74951110013")
ONE, TWO, THREE = "74951110011", "74951110012", "74951110013"
MISSED = Missed("6f1e0f6a-0000-4000-8000-000000000001", "+79161234567", "Ольга")


@dataclass
class Office:
    """The office's phones on a switch, and who came to us because one was picked up."""

    switch: SimulatedSwitch
    control: ControlConnection
    server: OutboundServer
    backs: CallBacks
    came: list[CallArrived] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def arrived(self, link: Link, channel: Headers) -> None:
        try:
            arrival = self.backs.arrived(channel)
        except ValueError as error:
            self.refused.append(str(error))
            raise
        assert arrival is not None
        self.came.append(arrival)

    async def ring(self) -> str:
        return await self.backs.ring(MISSED)

    def causes(self) -> list[str | None]:
        return [self.switch.phones[phone].cause for phone in (ONE, TWO, THREE)]

    async def settled(self) -> None:
        await asyncio.sleep(1)


Open = Callable[..., Awaitable[Office]]


@pytest.fixture
async def office() -> AsyncIterator[Open]:
    async with AsyncExitStack() as stack:

        async def open_(
            phones: dict[str, Script] | None = None,
            *,
            numbers: tuple[str, ...] = OFFICE,
            trunk: Trunk | None = None,
            limit: int = 30,
            at: str = "",
        ) -> Office:
            return await stack.enter_async_context(
                _office(phones or {}, numbers, trunk or Trunk(), limit, at)
            )

        yield open_


@asynccontextmanager
async def _office(
    phones: dict[str, Script], numbers: tuple[str, ...], trunk: Trunk, limit: int, at: str
) -> AsyncIterator[Office]:
    book = PhoneBook({**dict.fromkeys((ONE, TWO, THREE), "ring 300s, busy"), **phones})
    async with SimulatedSwitch(book, control_port=0, seed=1) as switch:
        control = ControlConnection("127.0.0.1", switch.control_port, "ClueCon")

        def arrived(link: Link, channel: Headers) -> None:
            made.arrived(link, channel)

        server = OutboundServer("127.0.0.1", 0, arrived)
        backs = CallBacks(control, trunk, numbers, limit, lambda: at or f"127.0.0.1:{server.port}")
        made = Office(switch, control, server, backs)
        control.start()
        server.start()
        await asyncio.sleep(1)
        yield made
        control.close()
        server.close()
        await asyncio.sleep(1)
        assert switch.refused == []


async def test_who_picks_up_first_comes_to_us_and_the_others_are_let_go(office: Open) -> None:
    made = await office({ONE: "ring 9s, answer", TWO: "ring 4s, answer"})
    call = await made.ring()
    assert made.came == [CallArrived(call, MISSED.phone, TWO, MISSED.call, MISSED.by)]
    await made.settled()
    assert made.causes() == ["LOSE_RACE", None, "LOSE_RACE"]
    assert list(made.switch.channels) == [call]
    assert made.switch.phones[TWO].legs[0].caller == "79161234567"


async def test_of_two_who_pick_up_in_the_same_moment_one_is_kept(office: Open) -> None:
    made = await office(dict.fromkeys((ONE, TWO, THREE), "ring 4s, answer"))
    call = await made.ring()
    await made.settled()
    assert [arrival.call_id for arrival in made.came] == [call]
    assert list(made.switch.channels) == [call]
    assert made.refused == ["a phone of the office that nobody needs any more"] * len(made.refused)


async def test_each_phone_rings_once_and_shows_the_number_that_is_set(office: Open) -> None:
    made = await office(
        {ONE: "ring 1s, answer"},
        numbers=(OFFICE[0], ONE, "+74951110011"),
        trunk=Trunk(caller_id="74950000000"),
    )
    await made.ring()
    [leg] = made.switch.phones[ONE].legs
    assert leg.caller == "74950000000"


async def test_nobody_picks_up(office: Open) -> None:
    made = await office(limit=20)
    before = asyncio.get_running_loop().time()
    with pytest.raises(OfficeSilent):
        await made.ring()
    assert asyncio.get_running_loop().time() - before < 26
    await made.settled()
    assert made.switch.channels == {}


async def test_all_are_busy_is_known_at_once(office: Open) -> None:
    made = await office(dict.fromkeys((ONE, TWO, THREE), "ring 2s, busy"))
    before = asyncio.get_running_loop().time()
    with pytest.raises(OfficeSilent):
        await made.ring()
    assert asyncio.get_running_loop().time() - before < 3


async def test_one_who_is_busy_does_not_end_it(office: Open) -> None:
    made = await office({ONE: "ring 1s, busy", TWO: "ring 9s, answer"})
    assert await made.ring()
    assert made.came[0].called == TWO


async def test_a_phone_that_is_none_is_not_rung_and_the_others_are(office: Open) -> None:
    made = await office({TWO: "ring 1s, answer"}, numbers=("7495,{x}", TWO))
    assert await made.ring()


@pytest.mark.parametrize("numbers", [(), ("7495111|00",)])
async def test_an_office_without_a_phone(office: Open, numbers: tuple[str, ...]) -> None:
    made = await office(numbers=numbers)
    with pytest.raises(CannotRing, match=r"targets\.office\.numbers"):
        await made.ring()


async def test_a_gateway_that_does_not_exist_is_no_silence(office: Open) -> None:
    made = await office(trunk=Trunk(dial="sofia/gateway/elsewhere/{number}"))
    with pytest.raises(CannotRing, match="INVALID_GATEWAY"):
        await made.ring()


async def test_who_picks_up_and_does_not_reach_us(office: Open) -> None:
    # Nobody listens there.
    made = await office({ONE: "ring 2s, answer"}, at="127.0.0.1:1")
    with pytest.raises(CannotRing, match="does not reach us at 127"):
        await made.ring()
    await made.settled()
    assert made.switch.channels == {}


async def test_no_control_connection(office: Open) -> None:
    made = await office()
    made.control.close()
    await made.settled()
    with pytest.raises(CannotRing, match="no control connection"):
        await made.ring()


async def test_the_control_connection_is_lost_while_phones_ring(office: Open) -> None:
    made = await office({ONE: "ring 20s, answer"})
    ringing = asyncio.create_task(made.ring())
    await asyncio.sleep(3)
    for connection in list(made.switch.connections):
        connection.abort()
    with pytest.raises(CannotRing, match="control connection lost"):
        await ringing
    # There is a new connection by then: what rings for nobody is let go.
    await asyncio.sleep(5)
    assert made.switch.channels == {}


async def test_who_is_not_wanted_any_more_is_let_go(office: Open) -> None:
    made = await office({ONE: "ring 9s, answer"})
    ringing = asyncio.create_task(made.ring())
    await asyncio.sleep(3)
    ringing.cancel()
    await asyncio.wait({ringing})
    await made.settled()
    assert made.switch.channels == {}
    assert made.causes() == ["LOSE_RACE"] * 3


async def test_of_two_who_come_in_one_turn_the_second_is_refused(office: Open) -> None:
    made = await office()
    ringing = asyncio.create_task(made.ring())
    await asyncio.sleep(3)
    first, second, _ = [
        _Channel({"Unique-ID": uuid, "variable_ivr_call_back": channel.variables["ivr_call_back"]})
        for uuid, channel in made.switch.channels.items()
    ]
    assert made.backs.arrived(first)
    with pytest.raises(ValueError, match="nobody needs"):
        made.backs.arrived(second)
    assert await ringing == first["Unique-ID"]


async def test_a_phone_for_which_nobody_has_asked_is_refused(office: Open) -> None:
    made = await office({ONE: "ring 1s, answer"})
    with pytest.raises(ValueError, match="nobody needs"):
        made.backs.arrived(_Channel({"variable_ivr_call_back": "another life", "Unique-ID": "x"}))
    assert made.backs.arrived(_Channel({"Unique-ID": "x"})) is None


class _Channel(dict[str, str]):
    name = "CHANNEL_DATA"
    body = ""
