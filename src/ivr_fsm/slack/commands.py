"""The slash command ``/ivr``: what watchers ask about calls, and how they switch reporting."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

import structlog

from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import SHORTEST_ID, Reader, Wanted
from ivr_fsm.journal.switches import Mode
from ivr_fsm.journal.thread import OneThread
from ivr_fsm.phone import BadPhone, parse_phone
from ivr_fsm.slack.mrkdwn import escape, link
from ivr_fsm.slack.people import People, PeopleUnknown
from ivr_fsm.slack.reporting import Reporting, Status
from ivr_fsm.watch.words import Words

LISTED = 20
"""How many calls are listed at most."""

OF_A_NUMBER = 5
"""How many of the last calls of a number are told."""

NAMED = 60
"""Signs of a name."""

CLOSING = 2.0
"""Seconds for the last reading when the service stops."""

_LINKED = re.compile(r"<tel:[^|>]*\|([^>]*)>")
_GROUPED = re.compile(r"[\s()+.-]")

_MODES: Mapping[str, Mode] = {"on": "on", "off": "off", "hours": "hours"}

log = structlog.get_logger(__name__)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A command.

    Attributes:
        text: what stands behind ``/ivr``.
        user: the id of who asks.
        channel: the id of the channel it is asked in.
    """

    text: str
    user: str
    channel: str


class Commands:
    """Answers in Slack's mrkdwn. Whoever is in a channel that is told of calls may ask; people may switch."""

    def __init__(
        self,
        reader: Reader,
        reporting: Reporting,
        people: People,
        channels: Collection[str],
        words: Words,
        *,
        zone: tzinfo,
        region: str,
        link_of: Callable[[CallEntry], str | None],
    ) -> None:
        """Read nothing yet.

        Args:
            reader: the journal.
            reporting: what is switched.
            people: who may switch, and ask from everywhere.
            channels: ids of the channels that are told of calls.
            words: the language.
            zone: whose clock times are of.
            region: the country whose national phone numbers are understood.
            link_of: where more about a call is; None: nowhere.
        """
        self._reader = reader
        self._reporting = reporting
        self._people = people
        self._channels = frozenset(channels)
        self._words = words
        self._zone = zone
        self._region = region
        self._link_of = link_of
        self._thread = OneThread("slack-commands")

    async def answer(self, asked: Asked) -> str:
        """Return the answer to a command."""
        try:
            return await self._answer(asked)
        except PeopleUnknown as error:
            log.warning("slack people not looked up", why=str(error))
            return self._words.text("commands.unsure")
        except JournalError as error:
            log.warning("slack command not answered", why=str(error))
            return self._words.text("ivr.failed")

    async def close(self) -> None:
        """Read no more."""
        await self._thread.finish(lambda: None, CLOSING)

    async def _answer(self, asked: Asked) -> str:
        match _LINKED.sub(r"\1", asked.text).lower().split():
            case ["reporting", "on" | "off" | "hours" as mode]:
                return await self._switch(mode, asked)
            case ["reporting"] | ["reporting", "status"]:
                return await self._read(asked, self._status)
            case ["calls"]:
                return await self._read(asked, self._live)
            case ["call"]:
                return self._words.text("ivr.call_usage")
            case ["call", *name]:
                return await self._read(asked, lambda: self._call(" ".join(name)))
            case _:
                return self._words.text("ivr.help")

    async def _switch(self, mode: str, asked: Asked) -> str:
        if not await self._people.may(asked.user):
            log.warning("slack command refused", command=f"reporting {mode}", user=asked.user)
            return self._words.text("ivr.forbidden")
        by = await self._people.name(asked.user)
        return self._status_words(await self._reporting.switch(_MODES[mode], by))

    async def _read(self, asked: Asked, read: Callable[[], Awaitable[str]]) -> str:
        """Let *read* answer whoever sees the same in the channel, or may act."""
        if asked.channel in self._channels or await self._people.may(asked.user):
            return await read()
        log.warning("slack command refused", command=asked.text.partition(" ")[0][:20], user=asked.user)
        return self._words.text("commands.elsewhere" if self._channels else "ivr.forbidden")

    async def _status(self) -> str:
        return self._status_words(await self._reporting.status())

    def _status_words(self, status: Status) -> str:
        say = self._words.text
        if status.last and status.last.mode != "hours":
            at = self._clock(status.last.at, "date")
            by = say("ivr.reporting_by", by=escape(status.last.by), at=at)
            return say(f"ivr.reporting_{status.last.mode}") + " " + by
        if not status.scheduled:
            return say("ivr.reporting_always")
        return say("ivr.reporting_hours", now=say(f"ivr.reporting_now_{'on' if status.on else 'off'}"))

    async def _live(self) -> str:
        live = Wanted(live=True)
        calls = await self._in_thread(lambda: self._reader.calls(live, LISTED))
        if not calls:
            return self._words.text("ivr.calls_none")
        count = len(calls)
        if count == LISTED:
            count = await self._in_thread(lambda: self._reader.count(live))
        lines = [self._words.text("ivr.calls_title", count=str(count)), *map(self._line, calls)]
        if count > LISTED:
            lines.append(self._words.text("ivr.calls_more", count=str(count - LISTED)))
        return "\n".join(lines)

    async def _call(self, name: str) -> str:
        calls = await self._in_thread(lambda: self._find(name))
        if not calls:
            return self._words.text("ivr.call_none", wanted=escape(name, NAMED))
        lines = [self._line(call) for call in calls]
        if len(calls) > 1:
            wanted, count = escape(name, NAMED), str(len(calls))
            lines.insert(0, self._words.text("ivr.call_title", wanted=wanted, count=count))
        return "\n".join(lines)

    def _find(self, name: str) -> list[CallEntry]:
        """Return the newest calls that *name* may mean: a phone, (the beginning of) an id, some digits."""
        try:
            phone = parse_phone(name, self._region)
        except BadPhone:
            phone = ""
        if phone and (found := self._reader.calls(Wanted(phone=phone), OF_A_NUMBER)):
            return found
        if found := self._reader.call(name):
            return found[:OF_A_NUMBER]
        digits = _GROUPED.sub("", name)
        if len(digits) >= SHORTEST_ID and digits.isascii() and digits.isdecimal():
            return self._reader.calls(Wanted(phone=digits), OF_A_NUMBER)
        return []

    def _line(self, call: CallEntry) -> str:
        who = self._who(call)
        if call.status == "live":
            began, since = self._clock(call.started, "time"), self._clock(call.since, "time")
            state = escape(self._words.either("states", call.state, call.state))
            line = self._words.text("ivr.calls_line", began=began, who=who, state=state, since=since)
        else:
            began, outcome = self._clock(call.started, "date"), self._outcome(call)
            line = self._words.text("ivr.call_line", began=began, who=who, outcome=outcome)
        url = self._link_of(call)
        return f"{line} {link(self._words.text('commands.link'), url)}" if url else line

    def _who(self, call: CallEntry) -> str:
        phone = call.phone or self._words.text("card.forgotten" if call.forgotten else "card.hidden")
        name = call.shop if call.kind == "partner" else call.name
        order = f"#{call.order_id}" if call.order_id else ""
        return ", ".join(escape(each, NAMED) for each in (phone, name, order) if each)

    def _outcome(self, call: CallEntry) -> str:
        answered = call.outcome.startswith("answered:")
        known = (
            self._words.outcome(call.status),
            call.answered_phone if answered else "",
            _span(call.talked),
        )
        return ", ".join(escape(each) for each in known if each)

    def _clock(self, at: datetime, form: str) -> str:
        return at.astimezone(self._zone).strftime(self._words.text(f"formats.{form}"))

    async def _in_thread(self, work: Callable[[], _T]) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)


def _span(lasted: timedelta | None) -> str:
    if lasted is None:
        return ""
    minutes, seconds = divmod(round(lasted.total_seconds()), 60)
    return f"{minutes}:{seconds:02}"
