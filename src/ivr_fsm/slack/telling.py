"""One call in the channel: its message and its thread, brought to where the journal is.

Before a message is posted it is noted that it is on its way, and afterwards that it is there: when the
service dies in between, or the answer is lost, the message is looked for before it is posted again.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import Enum, auto
from typing import TypeVar

import structlog

from ivr_fsm.journal.cards import Card, Cards, Sending, Untold
from ivr_fsm.journal.tables import micros, moment
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.slack.card import Links, card, channel_of, finished
from ivr_fsm.slack.chat import Chat, ChatError, ChatGone, ChatRefused, Mark
from ivr_fsm.slack.lines import advance, lines, thread_message
from ivr_fsm.slack.message import Dossier, Line, Message
from ivr_fsm.watch.words import Words

AT_MOST = 14
"""So many lines fit into one message of a thread, however long they are."""

QUIET = 600.0
"""Seconds in which the channel itself is told of a fault of the same kind once."""

CLOSING = 2.0
"""Seconds that the database may take when the service stops."""

_NO_FAULT = frozenset({"unanswered"})

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


class Left(Enum):
    """What is left to do about a call, as far as the journal said when it was read."""

    NOTHING = auto()
    NOT_YET = auto()
    """All: it is not known yet where it is told."""
    TOLD = auto()
    """Nothing, and nothing more will come of itself."""
    MORE = auto()
    """Something has come in the meantime: it has to be looked at again."""
    EDIT = auto()
    """Its message has to be edited."""


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


class Teller:
    """Tells of one call at a time, as the journal has it when it is asked to."""

    def __init__(
        self,
        cards: Cards,
        chat: Chat,
        look: Look,
        now: Callable[[], datetime],
        answered: Callable[[], None],
    ) -> None:
        """Tell nothing yet.

        Args:
            cards: the calls of this instance; their database is closed with this.
            chat: where they are told; it is closed with this.
            look: how.
            now: the wall clock, aware.
            answered: called whenever the chat has done what it was asked for.
        """
        self._cards = cards
        self._chat = chat
        self._look = look
        self._now = now
        self._answered = answered
        self._thread = OneThread("projection")
        self._shown: dict[int, Message] = {}
        """What messages say, as far as this life of the service knows."""
        self._loud: dict[str, float] = {}
        """When the channel itself was told of each kind of fault."""

    async def untold(self) -> list[Untold]:
        """Return the calls of which not all is told; what the others' messages say is kept no longer.

        Raises:
            JournalError: the journal cannot be read.
        """
        untold = await self._in_thread(self._cards.untold)
        left = {each.key for each in untold}
        self._shown = {key: message for key, message in self._shown.items() if key in left}
        return untold

    async def tell(self, key: int, *, edit: bool) -> Left:
        """Tell what is new of a call, and return what is left to do.

        Args:
            key: the call's.
            edit: whether its message may be edited, too.

        Raises:
            ChatError: the chat does not take it now.
            JournalError: the journal fails.
        """
        found = await self._in_thread(lambda: self._cards.find(key))
        if found is None:
            return Left.NOTHING
        dossier = Dossier(found.call, found.steps, found.plan, found.follow_ups, found.backs)
        channel = found.card.channel or channel_of(dossier, self._look.channels, self._look.reporting)
        if channel is None:
            return Left.NOT_YET
        given_up = bool(found.card.error)
        if channel and not given_up:
            try:
                if not await self._write_anyway(replace(found.card, channel=channel), dossier, edit=edit):
                    return Left.EDIT
            except ChatRefused as refusal:
                given_up = True
                await self._give_up(key, found.call.call, channel, str(refusal))
        if not (finished(dossier) or not channel or given_up):
            return Left.NOTHING
        at = self._now()
        return Left.TOLD if await self._in_thread(lambda: self._cards.told(found, at)) else Left.MORE

    async def close(self) -> None:
        """Let go of chat and journal."""
        try:
            await self._chat.close()
        except Exception as error:
            log.warning("channel: not closed", why=f"{type(error).__name__}: {error}")
        await self._thread.finish(self._cards.engine.dispose, CLOSING)

    async def _write_anyway(self, known: Card, dossier: Dossier, *, edit: bool) -> bool:
        """Write as `_write` does; what somebody has removed is posted anew, with its whole thread."""
        try:
            return await self._write(known, dossier, edit=edit)
        except ChatGone as gone:
            log.warning("channel: message removed by somebody", call=dossier.call.call, why=str(gone))
        anew = Card(known.key, known.channel)
        await self._in_thread(lambda: self._cards.save(anew))
        return await self._write(anew, dossier, edit=edit)

    async def _write(self, known: Card, dossier: Dossier, *, edit: bool) -> bool:
        """Bring message and thread up to date; false: the message has yet to be edited."""
        look, key = self._look, known.key
        known = await self._settled(known)
        message = card(dossier, look.words, look.links, look.zone, look.may_act)
        if not known.ts:
            known = await self._post(known, message, "card", known.posted)
            self._shown[key] = message
        for new in _messages(lines(dossier, known.posted, look.words, look.reporting)):
            known = await self._post_lines(known, new)
        if self._shown.get(key) != message:
            if not edit:
                return False
            await self._chat.edit(known.channel, known.ts, message)
            self._answered()
            self._shown[key] = message
        return True

    async def _settled(self, known: Card) -> Card:
        """Return what is known of a message that was on its way when the answer was lost, or we died."""
        if (sending := known.sending) is None:
            return known
        thread = "" if sending.part == "card" else known.ts
        mark = Mark(known.key, sending.part)
        ts = await self._chat.find(known.channel, mark, moment(sending.since), thread=thread)
        self._answered()
        if ts is None:
            return known
        known = replace(known, ts=known.ts or ts, posted=sending.posted, sending=None)
        await self._in_thread(lambda: self._cards.save(known))
        return known

    async def _post_lines(self, known: Card, new: Sequence[Line]) -> Card:
        posted = advance(known.posted, new)
        message = thread_message(new, self._look.words, self._look.zone)
        loud = self._loud_kinds(new)
        self._loud |= dict.fromkeys(loud, asyncio.get_running_loop().time())
        try:
            return await self._post(known, message, _part(posted), posted, loud=bool(loud))
        except (ChatError, ChatRefused):
            # The channel itself was not told.
            self._loud = {kind: at for kind, at in self._loud.items() if kind not in loud}
            raise

    async def _post(
        self, known: Card, message: Message, part: str, posted: Mapping[str, int], *, loud: bool = False
    ) -> Card:
        since = known.sending.since if known.sending and known.sending.part == part else micros(self._now())
        sending = replace(known, sending=Sending(part, since, posted))
        await self._in_thread(lambda: self._cards.save(sending))
        thread = "" if part == "card" else known.ts
        mark = Mark(known.key, part)
        try:
            ts = await self._chat.post(known.channel, message, mark, thread=thread, loud=loud)
        except ChatError as error:
            if not error.unsure:
                # An earlier try may have arrived all the same: what was known of it stays.
                await self._in_thread(lambda: self._cards.save(known))
            raise
        self._answered()
        there = replace(known, ts=known.ts or ts, posted=posted, sending=None)
        await self._in_thread(lambda: self._cards.save(there))
        return there

    async def _give_up(self, key: int, call_id: str, channel: str, why: str) -> None:
        log.error("channel: message given up", call=call_id, channel=channel, why=why)
        await self._in_thread(lambda: self._cards.give_up(key, channel, why))

    def _loud_kinds(self, new: Sequence[Line]) -> set[str]:
        """What the channel itself is told: of each caller whom nobody helped, of faults now and then."""
        kinds, now = {line.loud for line in new} - {""}, asyncio.get_running_loop().time()
        return {kind for kind in kinds if kind in _NO_FAULT or self._loud.get(kind, -QUIET) + QUIET <= now}

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _messages(new: Sequence[Line]) -> Iterator[list[Line]]:
    """Return *new* in as few messages as hold them; lines of one step stay together."""
    message: list[Line] = []
    for line in new:
        if len(message) >= AT_MOST and (line.source, line.place) != (message[-1].source, message[-1].place):
            yield message
            message = []
        message.append(line)
    if message:
        yield message


def _part(posted: Mapping[str, int]) -> str:
    """Return the name of the message after which a thread is written up to *posted*."""
    return hashlib.sha256(json.dumps(dict(posted), sort_keys=True).encode()).hexdigest()[:16]
