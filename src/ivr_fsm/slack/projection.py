"""The channel follows the journal: each call is one message, edited in place, with its steps in the thread.

The journal says which calls the channel has not been told all of, so a restart loses nothing. Before a
message is posted it is noted that it is on its way, and afterwards that it is there: when the service dies in
between, or the answer is lost, the message is looked for before it is posted again. Messages of one call go
out one after another; calls in the order of their arrival.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import partial
from typing import TypeVar

import structlog

from ivr_fsm.flow.step import Step
from ivr_fsm.journal.cards import Card, Cards, Sending, Untold
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.tables import micros, moment
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.slack.card import Links, card, channel_of, finished
from ivr_fsm.slack.chat import Chat, ChatError, ChatRefused, Mark
from ivr_fsm.slack.lines import advance, lines, thread_message
from ivr_fsm.slack.message import Dossier, Line, Message
from ivr_fsm.watch.words import Words

SETTLE = 0.3
"""Seconds from a step to a look at its call: the step is being written, and others come with it."""

APART = 1.5
"""Seconds between two looks at one call: its edits are gathered meanwhile."""

EVERY = 10.0
"""Seconds between two looks at what other services and the recordings' examiner have added."""

AT_ONCE = 4
"""How many calls are being told of at a time."""

QUIET = 600.0
"""Seconds in which the channel itself is told of a fault of the same kind once."""

LONGEST_PAUSE = 60.0
"""Seconds that failures have us pause for at most."""

CLOSING = 2.0
"""Seconds that messages on their way may take when the service stops. What is left waits for its start."""

_NO_FAULT = frozenset({"unanswered"})

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Look:
    """How calls are told.

    Attributes:
        words: the language.
        zone: on whose clocks times are.
        channels: the channel of each scenario that is told, by `CallEntry.kind`.
        links: where more can be seen of a call.
        reporting: says whether reporting was on at a time.
        may_act: whether the messages have buttons.
    """

    words: Words
    zone: tzinfo
    channels: Mapping[str, str]
    links: Links
    reporting: Callable[[datetime], bool]
    may_act: bool


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
        self._cards = cards
        self._chat = chat
        self._look = look
        self._now = now
        self._loop = asyncio.get_running_loop()
        self._thread = OneThread("projection")
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._stepped: set[str] = set()
        """Ids of the calls that have taken a step since the last look into the journal."""
        self._prints: dict[str, Untold] = {}
        self._due: dict[int, float] = {}
        """When to look at a call, by its key: the loop's time."""
        self._earliest: dict[int, float] = {}
        """Not before: it was looked at just before."""
        self._telling: dict[int, asyncio.Task[None]] = {}
        self._shown: dict[int, Message] = {}
        """What the messages of calls that are not over say, as far as this life of the service knows."""
        self._loud: dict[str, float] = {}
        self._failures = 0
        self._resume = 0.0
        self._look_again = 0.0
        self._closing = False

    def start(self) -> None:
        """Begin, with what an earlier life of the service has left."""
        self._task = asyncio.create_task(self._run(), name="projection")

    def stepped(self, call_id: str, _number: int, _step: Step, _at: datetime) -> None:
        """Look at a call soon."""
        self._stepped.add(call_id)
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
            if not self._failures:
                await asyncio.wait({self._task}, timeout=CLOSING)
            self._task.cancel()
            for task in self._telling.values():
                task.cancel()
            await asyncio.wait({self._task, *self._telling.values()})
        with suppress(Exception):
            await self._chat.close()
        await self._thread.finish(self._cards.engine.dispose, CLOSING)

    # Which call, and when

    async def _run(self) -> None:
        while True:
            try:
                await self._look_into_journal()
            except Exception as error:
                self._pause(ChatError(f"the journal cannot be read: {_line(error)}"))
            self._begin()
            if self._closing and not self._due and not self._telling:
                return
            await self._wait()

    async def _look_into_journal(self) -> None:
        now = self._loop.time()
        if not self._stepped and now < self._look_again:
            return
        stepped, self._stepped = self._stepped, set()
        self._look_again = now + EVERY
        try:
            untold = await self._in_thread(self._cards.untold)
        except Exception:
            self._stepped |= stepped
            raise
        for each in untold:
            known = self._prints.get(each.call)
            if each.call in stepped or known != each:
                self._due.setdefault(each.key, self._earliest.get(each.key, now))
        self._prints = {each.call: each for each in untold}
        left = {each.key for each in untold}
        self._shown = {key: message for key, message in self._shown.items() if key in left}
        self._earliest = {key: at for key, at in self._earliest.items() if at > now}

    def _begin(self) -> None:
        """Look at the calls whose time has come, the oldest first."""
        now = self._loop.time()
        if now < self._resume:
            return
        for key in sorted(key for key, at in self._due.items() if at <= now and key not in self._telling):
            if len(self._telling) >= AT_ONCE:
                return
            del self._due[key]
            task = self._telling[key] = asyncio.create_task(self._tell(key))
            task.add_done_callback(partial(self._told, key))

    def _told(self, key: int, _task: asyncio.Task[None]) -> None:
        del self._telling[key]
        self._earliest[key] = self._loop.time() + (0.0 if self._closing else APART)
        self._changed.set()

    async def _wait(self) -> None:
        """Wait for a step, for a message that was told, or for the next call's time."""
        now = self._loop.time()
        times = [max(at, self._resume) for key, at in self._due.items() if key not in self._telling]
        free = len(self._telling) < AT_ONCE
        until = min([max(self._look_again, self._resume), *(times if free else [])])
        with suppress(TimeoutError):
            async with asyncio.timeout(max(until - now, 0.01)):
                await self._changed.wait()
        if self._stepped and not self._closing:
            await asyncio.sleep(SETTLE)
        self._changed.clear()

    # One call

    async def _tell(self, key: int) -> None:
        try:
            await self._tell_all(key)
        except ChatError as error:
            wait = error.retry_after
            if not wait:
                self._pause(error)
            self._due.setdefault(key, self._loop.time() + wait)
        except JournalError as error:
            self._pause(ChatError(str(error)))
            self._due.setdefault(key, self._loop.time())
        except Exception:
            # A bug of ours may not keep the other calls from being told.
            log.exception("channel: call not told", key=key)
        else:
            if self._failures:
                log.info("channel: told again", waiting=len(self._due))
            self._failures = 0

    async def _tell_all(self, key: int) -> None:
        found = await self._in_thread(lambda: self._cards.find(key))
        if found is None:
            return
        dossier = Dossier(found.call, found.steps, found.plan, found.follow_ups, found.backs)
        channel = found.card.channel or channel_of(dossier, self._look.channels, self._look.reporting)
        if channel is None:
            return
        given_up = bool(found.card.error)
        if channel and not given_up:
            try:
                await self._write(replace(found.card, channel=channel), dossier)
            except ChatRefused as refusal:
                given_up = True
                await self._give_up(replace(found.card, channel=channel), found.call.call, str(refusal))
        if (finished(dossier) or not channel or given_up) and not await self._in_thread(
            lambda: self._cards.told(found, self._now())
        ):
            self._due.setdefault(key, self._loop.time() + APART)

    async def _write(self, known: Card, dossier: Dossier) -> None:
        """Bring message and thread up to date."""
        look, key = self._look, known.key
        known = await self._settled(known)
        message = card(dossier, look.words, look.links, look.zone, look.may_act)
        if not known.ts:
            known = await self._post(known, message, "card", known.posted)
            self._shown[key] = message
        new = lines(dossier, known.posted, look.words, look.reporting)
        if new:
            posted = advance(known.posted, new)
            text = thread_message(new, look.words, look.zone)
            await self._post(known, text, _part(posted), posted, loud=self._is_loud(new))
        if self._shown.get(key) != message:
            await self._chat.edit(known.channel, known.ts, message)
            self._shown[key] = message

    async def _settled(self, known: Card) -> Card:
        """Return what is known of a message that was on its way when the answer was lost, or we died."""
        if (sending := known.sending) is None:
            return known
        thread = "" if sending.part == "card" else known.ts
        mark = Mark(known.key, sending.part)
        try:
            ts = await self._chat.find(known.channel, mark, moment(sending.since), thread=thread)
        except ChatRefused as refusal:
            log.warning("channel: message not looked for", why=str(refusal), effect="it may be there twice")
            ts = None
        if ts is None:
            return known
        known = replace(known, ts=known.ts or ts, posted=sending.posted, sending=None)
        await self._in_thread(lambda: self._cards.save(known))
        return known

    async def _post(
        self, known: Card, message: Message, part: str, posted: Mapping[str, int], *, loud: bool = False
    ) -> Card:
        since = known.sending.since if known.sending and known.sending.part == part else micros(self._now())
        sending = replace(known, sending=Sending(part, since, posted))
        await self._in_thread(lambda: self._cards.save(sending))
        thread = "" if part == "card" else known.ts
        try:
            ts = await self._chat.post(
                known.channel, message, Mark(known.key, part), thread=thread, loud=loud
            )
        except ChatError as error:
            if not error.unsure:
                await self._in_thread(lambda: self._cards.save(replace(known, sending=None)))
            raise
        there = replace(known, ts=known.ts or ts, posted=posted, sending=None)
        await self._in_thread(lambda: self._cards.save(there))
        return there

    async def _give_up(self, known: Card, call_id: str, why: str) -> None:
        log.error("channel: message given up", call=call_id, channel=known.channel, why=why)
        await self._in_thread(lambda: self._cards.save(replace(known, sending=None, error=why)))

    def _is_loud(self, new: Sequence[Line]) -> bool:
        """Whether the channel itself is told: of each caller whom nobody helped, of faults now and then."""
        kinds, now = {line.loud for line in new} - {""}, self._loop.time()
        told = [kind for kind in kinds if kind in _NO_FAULT or self._loud.get(kind, -QUIET) + QUIET <= now]
        self._loud |= dict.fromkeys(told, now)
        return bool(told)

    def _pause(self, error: ChatError) -> None:
        if self._loop.time() < self._resume:
            return  # several failed at once
        self._failures += 1
        ours = min(LONGEST_PAUSE, 2.0 ** min(self._failures, 10)) * random.uniform(0.5, 1)  # noqa: S311
        self._resume = self._loop.time() + (LONGEST_PAUSE if error.remedy else ours)
        if self._failures == 1:
            remedy = {"remedy": error.remedy} if error.remedy else {}
            log.warning("channel: not told", why=str(error), effect="it waits, calls do not", **remedy)

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await self._loop.run_in_executor(self._thread, work)


def _part(posted: Mapping[str, int]) -> str:
    """Return the name of the message after which a thread is written up to *posted*."""
    return hashlib.sha256(json.dumps(dict(posted), sort_keys=True).encode()).hexdigest()[:16]


def _line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
