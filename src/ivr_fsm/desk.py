"""What people press: live calls get it as events; whoever called when nobody answered is called back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol, TypeVar

import structlog

from ivr_fsm.call.registry import Registry
from ivr_fsm.call.session import Session
from ivr_fsm.esl.callback import CannotRing, Missed, OfficeSilent
from ivr_fsm.flow import events
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.followups import FollowUps, Happened
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.slack.desk import Answer

CLOSING = 2.0
"""Seconds for what is being noted when the service stops."""

TRIES = 5
"""How often it is tried to note what came of a call back: a claim that stays keeps others from calling."""

BETWEEN = 5.0
"""Seconds between two tries."""

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class Office(Protocol):
    """Rings the office: `ivr_fsm.esl.callback.CallBacks`."""

    async def ring(self, missed: Missed) -> str:
        """Ring every phone; return the id of the call of who picked one up."""


class JournalDesk:
    """A `Desk` on the calls of one instance and its journal."""

    def __init__(
        self, follow_ups: FollowUps, live: Registry, office: Office, now: Callable[[], datetime]
    ) -> None:
        """Do nothing yet.

        Args:
            follow_ups: what is noted in the journal; its database is closed with this.
            live: the live calls.
            office: rings the office.
            now: the wall clock, aware.
        """
        self._follow_ups = follow_ups
        self._live = live
        self._office = office
        self._now = now
        self.changed: Callable[[], None] = lambda: None
        """Called when something was noted in the journal."""
        self._thread = OneThread("desk")
        self._tasks: set[asyncio.Task[None]] = set()
        self._backs: dict[str, tuple[int, str]] = {}
        """The calls back that are on: which call each is for, by key, and who asked for it."""

    async def start(self) -> None:
        """Give free what an earlier life of the service was calling back. The journal must be open."""
        try:
            await self._noted(self._follow_ups.release_all)
        except JournalError as error:
            log.warning("calls back not released", why=str(error))

    async def close(self) -> None:
        """Ring nobody any more, and note what came of the calls that have just ended."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=CLOSING)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._thread.finish(self._follow_ups.engine.dispose, CLOSING)

    async def send(self, key: int, target: Literal["office", "call_centre"], by: str) -> Answer:
        """Send a caller on; see `Desk.send`."""
        return await self._post(key, events.SendWanted(target, by))

    async def stop(self, key: int, by: str) -> Answer:
        """End a call; see `Desk.stop`."""
        return await self._post(key, events.StopWanted(by))

    async def call_back(self, key: int, by: str) -> Answer:
        """Ring the office for a call that is over; see `Desk.call_back`."""
        try:
            call = await self._in_thread(lambda: self._follow_ups.call(key))
            answer = Answer(await self._noted(lambda: self._follow_ups.claim(key, by, self._now())))
        except JournalError as error:
            return _failed(error)
        if call is not None and answer is Answer.TAKEN:
            task = asyncio.create_task(self._ring(key, Missed(call.call, call.phone, by)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return answer

    async def done(self, key: int, by: str) -> Answer:
        """Note that nothing is left to do; see `Desk.done`."""
        try:
            return Answer(await self._noted(lambda: self._follow_ups.done(key, by, self._now())))
        except JournalError as error:
            return _failed(error)

    def over(self, session: Session) -> None:
        """A live call has ended: if it called somebody back, note what came of it."""
        if (claim := self._backs.pop(session.call_id, None)) is None:
            return
        key, by = claim
        talked = session.call.outcome == "answered:customer"
        task = asyncio.create_task(self._settle(key, by, talked=talked))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, key: int, event: events.SendWanted | events.StopWanted) -> Answer:
        try:
            call = await self._in_thread(lambda: self._follow_ups.call(key))
        except JournalError as error:
            return _failed(error)
        if call is None:
            return Answer.UNKNOWN
        if (session := self._live.get(call.call)) is not None and session.call.started == call.started:
            session.post(event)
            return Answer.TAKEN
        if call.status != "live":
            return Answer.OVER
        log.warning("button without its call", call=call.call, instance=call.instance)
        return Answer.FAILED

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
            raise
        except Exception:
            log.exception("call back failed", call=missed.call)
            why = "call_back_failed"
        else:
            self._backs[back] = key, missed.by
            if self._live.get(back) is None:
                # It was over before we knew of it.
                self._backs.pop(back)
                await self._settle(key, missed.by, talked=False)
            return
        await self._settle(key, missed.by, talked=False, why=why)

    async def _settle(self, key: int, by: str, *, talked: bool, why: Happened | None = None) -> None:
        for _ in range(TRIES):
            try:
                if talked:
                    await self._noted(lambda: self._follow_ups.settle(key, self._now()))
                else:
                    await self._noted(lambda: self._follow_ups.release(key, why, by, self._now()))
            except JournalError as error:
                log.warning("call back not noted", key=key, why=str(error), again_in=BETWEEN)
                await asyncio.sleep(BETWEEN)
            else:
                return

    async def _noted(self, work: Callable[[], _T]) -> _T:
        done = await self._in_thread(work)
        self.changed()
        return done

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _failed(error: JournalError) -> Answer:
    log.warning("button not carried out", why=str(error))
    return Answer.FAILED
