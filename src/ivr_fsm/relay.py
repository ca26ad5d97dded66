"""What is wanted of live calls reaches them: those of this instance at once, others through the journal.

Instances that share a journal share a channel, too, and Slack hands a button to any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from ivr_fsm.call.desk import Answer
from ivr_fsm.call.registry import Registry
from ivr_fsm.flow import events
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.journal.wishes import What, Wish, Wishes

LOOK = 1.0
"""Seconds between two looks at what other instances ask of our calls."""

PATIENCE = 4
"""So many looks later whom we ask counts as silent."""

CLOSING = 2.0
"""Seconds for the last look when the service stops."""

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class Relay:
    """Tells live calls what people want of them, wherever those are."""

    def __init__(self, wishes: Wishes, live: Registry, instance: str) -> None:
        """Tell nothing yet.

        Args:
            wishes: what instances ask of each other; its database is closed with this.
            live: the live calls of this instance.
            instance: its name.
        """
        self._wishes = wishes
        self._live = live
        self._instance = instance
        self._thread = OneThread("relay")
        self._listening: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Listen to other instances from now on. The journal must be open."""
        self._listening = asyncio.create_task(self._listen(), name="relay")

    async def close(self) -> None:
        """Listen no more."""
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        await self._thread.finish(self._wishes.engine.dispose, CLOSING)

    async def tell(self, call: CallEntry, what: What, by: str) -> Answer:
        """Tell *call* what *by* wants, or ask the instance that has it, and wait until that has heard it.

        Raises:
            JournalError: the journal cannot be used.
        """
        if self._post(call, what, by):
            return Answer.TAKEN
        if call.status != "live":
            return Answer.OVER
        if call.instance == self._instance:
            log.warning("button without its call", call=call.call)
            return Answer.FAILED
        return await self._ask(call, what, by)

    def _post(self, call: CallEntry, what: What, by: str) -> bool:
        """Tell a call of this instance; return whether it is live."""
        session = self._live.get(call.call)
        # A caller leg that came back to a restarted service is another call under the same id.
        if session is None or session.call.started != call.started:
            return False
        session.post(events.StopWanted(by) if what == "stop" else events.SendWanted(what, by))
        return True

    async def _ask(self, call: CallEntry, what: What, by: str) -> Answer:
        wish = await self._in_thread(lambda: self._wishes.add(call, what, by))
        for _ in range(PATIENCE):
            await asyncio.sleep(LOOK)
            if not await self._in_thread(lambda: self._wishes.waits(wish)):
                return Answer.TAKEN
        if not await self._in_thread(lambda: self._wishes.take(wish)):
            return Answer.TAKEN
        log.warning("button for an instance that is silent", call=call.call, instance=call.instance)
        return Answer.FAILED

    async def _listen(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self._fulfil()
                failing = False
            except JournalError as error:
                if not failing:
                    log.warning("other instances not heard", why=str(error))
                failing = True

    async def _fulfil(self) -> None:
        if not len(self._live):
            return
        for wish in await self._in_thread(lambda: self._wishes.waiting(self._instance)):
            await self._do(wish)

    async def _do(self, wish: Wish) -> None:
        # What is not ours to do is left to whoever wished it, who takes it back.
        if self._live.get(wish.call.call) is None:
            return
        if await self._in_thread(lambda: self._wishes.take(wish.id)):
            self._post(wish.call, wish.what, wish.by)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)
