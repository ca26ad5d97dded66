"""Calls back: the phones of the office ring, and who picks one up comes to us like a caller.

Each phone is originated by a job of its own with ``&socket(…)``, so that what answers connects to the
outbound server; the first to do so is kept and the others are released (docs/freeswitch.md). A connection of
that kind for which nobody has asked is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import uuid4

import structlog

from ivr_fsm.esl.control import NotConnectedError
from ivr_fsm.esl.switch import Trunk
from ivr_fsm.esl.translate import Headers, asked_back, unique_id
from ivr_fsm.flow import events
from ivr_fsm.phone import BadPhone, parse_dialable

REACHES_US = 5.0
"""Seconds from the answer of a phone to its connection."""

_SILENT = frozenset(
    {
        "ALLOTTED_TIMEOUT",
        "CALL_REJECTED",
        "NORMAL_CLEARING",
        "NO_ANSWER",
        "NO_USER_RESPONSE",
        "ORIGINATOR_CANCEL",
        "PROGRESS_TIMEOUT",
        "RECOVERY_ON_TIMER_EXPIRE",
        "SUBSCRIBER_ABSENT",
        "USER_BUSY",
        "USER_NOT_REGISTERED",
    }
)
"""Causes that say that nobody is there to pick up; any other says that the switch could not ring."""

log = structlog.get_logger(__name__)


class OfficeSilent(Exception):
    """No phone of the office was picked up."""


class CannotRing(Exception):
    """The switch cannot ring the office; the message says why."""


class Jobs(Protocol):
    """The control connection."""

    async def job(self, command: str, job: str) -> str:
        """Run *command* in the switch's background and return what came of it."""

    def send_api(self, command: str) -> None:
        """Send an api command, now or when there is a connection again."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Whom to call back.

    Attributes:
        call: the id of the call.
        phone: the caller's number, E.164.
        by: who asked for it.
    """

    call: str
    phone: str
    by: str


@dataclass(slots=True)
class _Ringing:
    missed: Missed
    phones: Mapping[str, str]
    """The phone of each leg."""
    came: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """The leg that was picked up and has come to us."""


class CallBacks:
    """Rings the office, and knows who comes because of that."""

    def __init__(
        self, jobs: Jobs, trunk: Trunk, phones: Sequence[str], limit: int, reached_at: Callable[[], str]
    ) -> None:
        """Ring nobody yet.

        Args:
            jobs: the control connection.
            trunk: how phones are reached.
            phones: those of the office.
            limit: seconds that they ring.
            reached_at: returns ``host:port`` at which the switch reaches the outbound server.
        """
        self._jobs = jobs
        self._trunk = trunk
        self._phones = phones
        self._limit = limit
        self._reached_at = reached_at
        self._ringing: dict[str, _Ringing] = {}

    async def ring(self, missed: Missed) -> str:
        """Ring every phone of the office and return the id of the call that came of it.

        Raises:
            OfficeSilent: nobody picked up.
            CannotRing: the switch cannot ring them.
        """
        name = str(uuid4())
        ringing = self._ringing[name] = _Ringing(missed, self._legs())
        jobs = [asyncio.create_task(self._originate(name, leg, ringing)) for leg in ringing.phones]
        try:
            return await self._first(ringing, jobs)
        finally:
            del self._ringing[name]
            for job in jobs:
                job.cancel()
            for leg in ringing.phones:
                if not ringing.came.done() or leg != ringing.came.result():
                    self._jobs.send_api(f"uuid_kill {leg} LOSE_RACE")

    def arrived(self, channel: Headers) -> events.CallArrived | None:
        """Return the call of a phone that was picked up because we rang it; None: it was another's call.

        Raises:
            ValueError: nobody has asked for it, or another phone of the office was first.
        """
        if (name := asked_back(channel)) is None:
            return None
        ringing, leg = self._ringing.get(name), unique_id(channel)
        if ringing is None or leg not in ringing.phones or ringing.came.done():
            raise ValueError("a phone of the office that nobody needs any more")
        ringing.came.set_result(leg)
        missed = ringing.missed
        return events.CallArrived(leg, missed.phone, ringing.phones[leg], missed.call, missed.by)

    def _legs(self) -> dict[str, str]:
        numbers = set()
        for phone in self._phones:
            try:
                numbers.add(parse_dialable(phone, self._trunk.region).lstrip("+"))
            except BadPhone as error:
                log.warning("phone refused", target="office", reason=str(error))
        if not numbers:
            raise CannotRing("the plan has no phone of the office: targets.office.numbers")
        return {str(uuid4()): number for number in sorted(numbers)}

    async def _first(self, ringing: _Ringing, jobs: Sequence[asyncio.Task[str]]) -> str:
        """Wait for who comes, or until no phone can be picked up any more."""
        ended = asyncio.gather(*jobs, return_exceptions=True)
        waited: set[asyncio.Future[Any]] = {ringing.came, ended}
        await asyncio.wait(waited, timeout=self._limit + REACHES_US, return_when=asyncio.FIRST_COMPLETED)
        causes = [str(cause) for cause in ended.result()] if ended.done() else []
        if "" in causes:
            await asyncio.wait({ringing.came}, timeout=REACHES_US)
        if ringing.came.done():
            return ringing.came.result()
        if "" in causes:
            raise CannotRing(f"who picked up does not reach us at {self._reached_at()}")
        if causes and not _SILENT.intersection(causes):
            raise CannotRing(causes[0])
        raise OfficeSilent

    async def _originate(self, name: str, leg: str, ringing: _Ringing) -> str:
        """Ring one phone; return why nobody picked it up, or nothing if somebody did."""
        variables = {
            "origination_uuid": leg,
            "ivr_call_back": name,
            "originate_timeout": str(self._limit),
            "ignore_early_media": "true",
        }
        if shown := self._trunk.caller_id or ringing.missed.phone:
            variables["origination_caller_id_number"] = shown.lstrip("+")
        inside = ",".join(f"{key}={value}" for key, value in variables.items())
        where = self._trunk.dial.format(number=ringing.phones[leg])
        command = f"originate {{{inside}}}{where} '&socket({self._reached_at()} async full)'"
        try:
            said = await self._jobs.job(command, leg)
        except NotConnectedError as error:
            return str(error)
        return said.removeprefix("-ERR").strip() if said.startswith("-ERR") else ""
