"""What people press: live calls get it as events; whoever called when nobody answered is called back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

import structlog

from ivr_fsm.call.desk import Answer
from ivr_fsm.call.registry import Registry
from ivr_fsm.call.session import Session
from ivr_fsm.esl.callback import CannotRing, Missed, OfficeSilent
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.followups import FollowUps, Happened
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.journal.wishes import What
from ivr_fsm.relay import Relay

CLOSING = 2.0
"""Seconds for what is being noted when the service stops."""

RENEW = 20.0
"""Seconds between two looks at the claims: ours are renewed, those that do not hold any more are ended."""

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class Office(Protocol):
    """Rings the office: `ivr_fsm.esl.callback.CallBacks`."""

    async def ring(self, missed: Missed) -> str:
        """Ring every phone; return the id of the call of who picked one up."""


class JournalDesk:
    """A `Desk` on the journal, and on the calls that are live now."""

    def __init__(
        self,
        follow_ups: FollowUps,
        relay: Relay,
        live: Registry,
        office: Office,
        now: Callable[[], datetime],
    ) -> None:
        """Do nothing yet.

        Args:
            follow_ups: what is noted in the journal; its database is closed with this.
            relay: tells live calls what is wanted; it is closed with this.
            live: the live calls.
            office: rings the office.
            now: the wall clock, aware.
        """
        self._follow_ups = follow_ups
        self._relay = relay
        self._live = live
        self._office = office
        self._now = now
        self.changed: Callable[[], None] = lambda: None
        """Called when something was noted in the journal."""
        self._thread = OneThread("desk")
        self._looking: asyncio.Task[None] | None = None
        self._rings: set[asyncio.Task[None]] = set()
        self._notes: set[asyncio.Task[None]] = set()
        self._claims: dict[int, datetime] = {}
        """Our claims to calls, by key, and when they were made."""
        self._backs: dict[str, int] = {}
        """The calls back that are on: which call each is for, by key."""
        self._stopping = False

    async def start(self) -> None:
        """Look after claims, and listen to other instances. The journal must be open."""
        self._relay.start()
        self._looking = asyncio.create_task(self._keep_looking(), name="claims")

    async def stop_ringing(self) -> None:
        """Let the office's phones go, and call nobody back any more: the service stops."""
        self._stopping = True
        for task in self._rings:
            task.cancel()
        if self._rings:
            await asyncio.wait(self._rings, timeout=CLOSING)

    async def close(self) -> None:
        """Note what came of the calls that have just ended, and end.

        What cannot be noted is not lost: claims that are not renewed are ended by whoever sees them.
        """
        await self.stop_ringing()
        if self._notes:
            await asyncio.wait(self._notes, timeout=CLOSING)
        left = [*([self._looking] if self._looking else []), *self._rings, *self._notes]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._relay.close()
        await self._thread.finish(self._follow_ups.engine.dispose, CLOSING)

    # Live calls

    async def send(self, key: int, target: Literal["office", "call_centre"], by: str) -> Answer:
        """Send a caller on; see `Desk.send`."""
        return await self._tell(key, target, by)

    async def stop(self, key: int, by: str) -> Answer:
        """End a call; see `Desk.stop`."""
        return await self._tell(key, "stop", by)

    async def _tell(self, key: int, what: What, by: str) -> Answer:
        try:
            call = await self._in_thread(lambda: self._follow_ups.call(key))
            return await self._relay.tell(call, what, by) if call else Answer.UNKNOWN
        except JournalError as error:
            return _failed(error)

    # Calls that are over

    async def call_back(self, key: int, by: str) -> Answer:
        """Ring the office for a call that is over; see `Desk.call_back`."""
        if self._stopping:
            return Answer.FAILED
        made = self._now()
        try:
            call = await self._in_thread(lambda: self._follow_ups.call(key))
            answer = Answer(await self._noted(lambda: self._follow_ups.claim(key, by, made)))
        except JournalError as error:
            return _failed(error)
        if call is not None and answer is Answer.TAKEN:
            self._claims[key] = made
            if self._stopping:
                await self._release(key, "interrupted", by)
                return Answer.FAILED
            _keep(self._rings, self._ring(key, Missed(call.call, call.phone, by)))
        return answer

    async def done(self, key: int, by: str) -> Answer:
        """Note that nothing is left to do; see `Desk.done`."""
        try:
            return Answer(await self._noted(lambda: self._follow_ups.done(key, by, self._now())))
        except JournalError as error:
            return _failed(error)

    async def _ring(self, key: int, missed: Missed) -> None:
        why: Happened
        try:
            back = await self._office.ring(missed)
        except OfficeSilent:
            why = "office_silent"
        except CannotRing as error:
            log.error("call back failed", call=missed.call, why=str(error))
            why = "call_back_failed"
        except asyncio.CancelledError:
            # The service stops; there is still time to say so.
            why = "interrupted"
        except Exception:
            log.exception("call back failed", call=missed.call)
            why = "call_back_failed"
        else:
            self._backs[back] = key
            if self._live.get(back) is None:
                # It was over before we knew of it.
                del self._backs[back]
                await self._release(key, None, missed.by)
            return
        await self._release(key, why, missed.by)

    def over(self, session: Session) -> None:
        """A live call has ended: if it called somebody back, note what came of it."""
        if (key := self._backs.pop(session.call_id, None)) is None:
            return
        talked = session.call.outcome == "answered:customer"
        _keep(self._notes, self._settle(key) if talked else self._release(key, None, ""))

    async def _settle(self, key: int) -> None:
        self._claims.pop(key, None)
        at = self._now()
        await self._try(lambda: self._follow_ups.settle(key, at))

    async def _release(self, key: int, why: Happened | None, by: str) -> None:
        made, at = self._claims.pop(key), self._now()
        await self._try(lambda: self._follow_ups.release(key, made, why, by, at))

    async def _keep_looking(self) -> None:
        failing = False
        while True:
            try:
                await self._look_after_claims()
                failing = False
            except JournalError as error:
                if not failing:
                    log.warning("claims not looked after", why=str(error))
                failing = True
            await asyncio.sleep(RENEW)

    async def _look_after_claims(self) -> None:
        claims, at = dict(self._claims), self._now()
        if claims:
            await self._in_thread(lambda: self._follow_ups.renew(claims, at))
        if await self._in_thread(lambda: self._follow_ups.expire(at)):
            self.changed()

    async def _try(self, work: Callable[[], object]) -> None:
        try:
            await self._noted(work)
        except JournalError as error:
            log.warning("call back not noted", why=str(error), effect="that is put right in two minutes")

    async def _noted(self, work: Callable[[], _T]) -> _T:
        done = await self._in_thread(work)
        self.changed()
        return done

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _keep(tasks: set[asyncio.Task[None]], work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)
    tasks.add(task)
    task.add_done_callback(tasks.discard)


def _failed(error: JournalError) -> Answer:
    log.warning("button not carried out", why=str(error))
    return Answer.FAILED
