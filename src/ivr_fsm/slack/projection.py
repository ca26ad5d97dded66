"""The channel follows the journal: each call is one message, edited in place, with its steps in the thread.

The journal says which calls the channel has not been told all of, so a restart loses nothing. This is which
of them is told when; `ivr_fsm.slack.telling` is how one is told. Messages of one call go out one after
another; calls in the order in which they have something to tell.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial

import structlog

from ivr_fsm.flow.step import Step
from ivr_fsm.journal.cards import Cards, Untold
from ivr_fsm.journal.database import JournalError
from ivr_fsm.slack.chat import Chat, ChatError
from ivr_fsm.slack.setbacks import Setbacks
from ivr_fsm.slack.telling import CLOSING, Left, Look, Teller

SETTLE = 0.3
"""Seconds from a step to a look at its call: the step is being written, and others come with it."""

APART = 1.5
"""Seconds between two looks at one call: its edits are gathered meanwhile."""

EVERY = 10.0
"""Seconds between two looks at what other services and the recordings' examiner have added."""

BACKLOG = 500
"""For so many calls that wait, looks into the journal are `SETTLE` seconds farther apart: each reads all."""

AT_ONCE = 4
"""How many calls of one kind are being told of at a time: a channel that takes nothing stops no other."""

log = structlog.get_logger(__name__)


class Projection:
    """Keeps a `Chat` as the journal has it. A watcher of calls (`ivr_fsm.call.ports.Watcher`)."""

    def __init__(self, cards: Cards, chat: Chat, look: Look, now: Callable[[], datetime]) -> None:
        """Tell nothing yet.

        Args:
            cards: the calls of this instance; their database is closed with this.
            chat: where they are told; it is closed with this.
            look: how.
            now: the wall clock, aware.
        """
        self._loop = asyncio.get_running_loop()
        self._setbacks = Setbacks(self._loop.time)
        self._teller = Teller(cards, chat, look, now, self._setbacks.answered)
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._stepped: dict[str, float] = {}
        """When calls took their last step, by their ids: those of which no look has seen it yet."""
        self._prints: dict[int, set[Untold]] = {}
        """What the journal said at the last look, by the keys of those that are told."""
        self._places: dict[int, tuple[int, str]] = {}
        """Which call came before which others, and its kind, by its key."""
        self._look_again = 0.0
        """When to look into the journal whatever happens: the loop's time, as all times here."""
        self._look_for_steps: float | None = None
        """When to look into the journal because of a step that no look has seen."""
        self._not_before = 0.0
        """Not before: it was looked into just before."""
        self._due: dict[int, float] = {}
        """When to look at a call, by its key."""
        self._earliest: dict[int, float] = {}
        """Not before: it was looked at just before."""
        self._telling: dict[int, asyncio.Task[None]] = {}
        self._edits: dict[int, None] = {}
        """The calls whose messages have to be edited, in their order: one is at a time, as it is by then."""
        self._editing: int | None = None
        self._blind = False
        """The last look into the journal failed."""
        self._closing = False

    def start(self) -> None:
        """Begin, with what an earlier life of the service has left."""
        self._task = asyncio.create_task(self._run(), name="projection")

    def stepped(self, call_id: str, _number: int, _step: Step, _at: datetime) -> None:
        """Look at a call soon."""
        self._stepped[call_id] = now = self._loop.time()
        if self._look_for_steps is None:
            self._look_for_steps = max(now + SETTLE, self._not_before)
            self._changed.set()

    def poke(self) -> None:
        """Look into the journal soon: something was added to it by other means than a call's step."""
        self._look_again = 0.0
        self._changed.set()

    async def close(self) -> None:
        """Tell what waits if that can be done in a moment, and end."""
        if self._closing:
            return
        self._closing = True
        self.poke()
        if self._task is not None:
            if not self._setbacks.failing:
                await asyncio.wait({self._task}, timeout=CLOSING)
            tasks = {self._task, *self._telling.values()}
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        await self._teller.close()

    # Which call, and when

    async def _run(self) -> None:
        while True:
            if self._next_look() <= self._loop.time():
                try:
                    await self._look_into_journal()
                except Exception as error:
                    self._blind = True
                    self._setbacks.pause(f"the journal cannot be read: {_line(error)}")
                else:
                    if self._blind:
                        self._setbacks.over()
                    self._blind = False
            self._begin()
            if self._closing and not (self._due or self._telling or self._edits):
                return
            await self._wait()

    def _next_look(self) -> float:
        when = self._look_again
        if self._look_for_steps is not None:
            when = min(when, 0.0 if self._closing else self._look_for_steps)
        return max(when, self._setbacks.resume)

    async def _look_into_journal(self) -> None:
        now = self._loop.time()
        # A step that is this young may not be written yet: it is looked for once more.
        seen = {call for call, at in self._stepped.items() if at + SETTLE <= now or self._closing}
        looked = dict(self._stepped)
        self._look_again = now + EVERY
        untold = await self._teller.untold()
        prints: dict[int, set[Untold]] = {}
        for each in untold:
            prints.setdefault(each.key, set()).add(each)
        for key, of_key in prints.items():
            if of_key != self._prints.get(key) or any(each.call in looked for each in of_key):
                self._due.setdefault(key, max(now, self._earliest.get(key, now)))
        self._prints = prints
        self._stepped = {
            call: at for call, at in self._stepped.items() if call not in seen or at != looked[call]
        }
        self._not_before = now + SETTLE * (1 + len(untold) / BACKLOG)
        self._look_for_steps = self._not_before if self._stepped else None
        self._places = {each.key: (place, each.kind) for place, each in enumerate(untold)}
        self._setbacks.forget_others(self._places)
        self._earliest = {key: at for key, at in self._earliest.items() if at > now}

    def _begin(self) -> None:
        """Look at the calls whose time has come: who has waited for longest first, then who called first."""
        now = self._loop.time()
        if now < self._setbacks.resume or (self._setbacks.failing and self._telling):
            return
        if self._editing is None and (edit := next(filter(self._free, self._edits), None)):
            del self._edits[edit]
            self._editing = edit
            self._start(edit, now, edit=True)
        busy = Counter(self._place(key)[1] for key in self._telling if key != self._editing)
        come = [(int(at), self._place(key), key) for key, at in self._due.items() if at <= now]
        for _, (_, kind), key in sorted(each for each in come if self._free(each[-1])):
            # While it fails, one call alone tries.
            if busy[kind] < AT_ONCE and not (self._setbacks.failing and self._telling):
                busy[kind] += 1
                self._start(key, self._due.pop(key), edit=False)

    def _free(self, key: int) -> bool:
        return key not in self._telling

    def _place(self, key: int) -> tuple[int, str]:
        return self._places.get(key, (0, ""))

    def _start(self, key: int, due: float, *, edit: bool) -> None:
        task = self._telling[key] = asyncio.create_task(self._tell(key, due, edit=edit))
        task.add_done_callback(partial(self._told, key))

    def _told(self, key: int, _task: asyncio.Task[None]) -> None:
        del self._telling[key]
        if key == self._editing:
            self._editing = None
        self._changed.set()

    async def _wait(self) -> None:
        """Wait for a step, for a message that was told, for the next look, or for the next call's time."""
        now = self._loop.time()
        until = self._next_look()
        if now < self._setbacks.resume:
            until = min(until, self._setbacks.resume)
        else:
            # What has come by now waits for others to be told.
            until = min([until, *(at for at in self._due.values() if at > now)])
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - now, 0.01)):
                await self._changed.wait()
        self._changed.clear()

    # One call

    async def _tell(self, key: int, due: float, *, edit: bool) -> None:
        left: Left | None = None
        try:
            left = await self._teller.tell(key, edit=edit)
        except ChatError as error:
            if error.retry_after:
                # The others are not concerned: other methods, other channels.
                self._due[key] = self._loop.time() + error.retry_after
            else:
                self._fail(key, due, str(error))
        except JournalError as error:
            self._fail(key, due, str(error))
        except Exception:
            # A bug of ours may not keep the other calls from being told.
            log.exception("channel: call not told", key=key)
        else:
            self._setbacks.told(key)
        if left is not Left.NOT_YET and not self._closing:
            self._earliest[key] = self._loop.time() + APART
        if left is Left.TOLD:
            # When the journal names it again, there is more.
            self._prints.pop(key, None)
        elif left is Left.EDIT:
            self._edits[key] = None
        elif left is Left.MORE:
            self._due.setdefault(key, self._loop.time() + APART)

    def _fail(self, key: int, due: float, why: str) -> None:
        """Try a call again: in its turn after a pause, or late if it fails while others are told."""
        if wait := self._setbacks.fail(key, why):
            self._due[key] = self._loop.time() + wait
        else:
            self._due[key] = min(due, self._due.get(key, due))


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
