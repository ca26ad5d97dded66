"""The page of all calls: who is on the line, and what was before, with filters and paging."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import groupby
from urllib.parse import urlencode

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.recordings import REMOVED
from ivr_fsm.web.inspector.archive import Archive
from ivr_fsm.web.inspector.live import LiveRows
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.templates import render

PAGE = 50
"""Calls on a page."""

COUNTED = 10_000
"""So far calls are counted."""

OUTCOMES = ("answered", "abandoned", "unanswered", "partner", "stopped", "failed", "lost", "refused")
TARGETS = ("shop", "office", "call_centre", "transfer", "customer")
KINDS = ("order", "other", "partner")
STATES = (
    "identifying",
    "greeting",
    "menu",
    "dialing_shop",
    "dialing_office",
    "dialing_call_centre",
    "announcing",
    "connected",
    "transferring",
    "calling_back",
    "dialing_customer",
)
_FILTERS = ("q", "outcome", "by", "in", "kind", "since", "until")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page of the list was asked for.

    Attributes:
        given: the filters, as they are in the page's address and its form.
        wanted: the same for the journal.
        before, after: the key of the call at which this part of the list ends or begins.
        problems: what was not understood.
    """

    given: Mapping[str, str]
    wanted: Wanted
    before: int | None = None
    after: int | None = None
    problems: list[str] = field(default_factory=list)

    def address(self, **more: object) -> str:
        """Return the address of the same list, with *more* in it."""
        query = {name: value for name, value in self.given.items() if value} | more
        return f"calls?{urlencode(query)}" if query else "calls"


def asked(query: Mapping[str, str], show: Showing) -> Asked:
    """Read the query of the list's address. What cannot be understood is told, and left out."""
    given = {name: _printable(query.get(name, "")).strip()[:100] for name in _FILTERS}
    problems: list[str] = []
    wanted = Wanted(
        live=False,
        outcome=_one_of(given["outcome"], OUTCOMES),
        abandoned_in=_one_of(given["in"], STATES),
        answered_by=_one_of(given["by"], TARGETS),
        kind=_one_of(given["kind"], KINDS),
        search=given["q"],
        unseen=not show.look.numbers,
        since=_midnight(given["since"], show, problems, days=0),
        until=_midnight(given["until"], show, problems, days=1),
    )
    before, after = query.get("before", ""), query.get("after", "")
    if any(each and not _is_key(each) for each in (before, after)):
        problems.append(show.w("calls.bad_cursor"))
        before = after = ""
    return Asked(given, wanted, int(before) if before else None, int(after) if after else None, problems)


def _printable(given: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in given)


def _one_of(given: str, known: tuple[str, ...]) -> str:
    return given if given in known else ""


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) < 2**63


def _midnight(given: str, show: Showing, problems: list[str], days: int) -> datetime | None:
    if not given:
        return None
    try:
        return datetime.combine(date.fromisoformat(given) + timedelta(days=days), time(), show.zone)
    except (ValueError, OverflowError):
        problems.append(show.w("calls.bad_date", given=show.safe(given)))
        return None


@dataclass(frozen=True, slots=True)
class Row:
    """A call that is over, in words."""

    key: int
    began: str
    phone: str
    who: str
    outcome: str
    tone: str
    answered: str
    waited: str
    talked: str
    recording: str
    wants_help: bool


def row(show: Showing, call: CallEntry) -> Row:
    """Return what the list tells of a call."""
    missed = call.status == "unanswered" or call.status.startswith("abandoned")
    recording = ""
    if call.recording not in (None, "", REMOVED):
        recording = "has_recording" if call.recording == "ok" else "bad_recording"
    return Row(
        call.key,
        show.clock(call.started),
        show.phone(call),
        show.who(call),
        show.outcome(call),
        show.tone(call),
        show.safe(call.answered_phone) if call.status.startswith("answered") else "",
        show.span(call.waited),
        show.span(call.talked),
        recording,
        missed and not call.back and call.done is None and bool(call.phone),
    )


def page(archive: Archive, rows: LiveRows, look: Look, query: Mapping[str, str]) -> str:
    """Return the page."""
    show = Showing(look, archive.zone)
    ask = asked(query, show)
    # What comes while the page is made is newer than that: the page fetches it when it is open.
    newest, live = archive.newest, rows.shown(look.of_rows)
    found, older, newer = _part(archive.reader, ask)
    days = [
        (day, [row(show, call) for call in of_day])
        for day, of_day in groupby(found, key=lambda call: show.day(call.started))
    ]
    # Where all of them are on this page, the journal is not searched again.
    count = archive.reader.count(ask.wanted, COUNTED + 1) if older or newer else len(found)
    return render(
        "calls.html",
        show=show,
        look=look,
        up="",
        ask=ask,
        live=live,
        live_count=archive.reader.count(Wanted(live=True)),
        newest=newest,
        days=days,
        count=f"{COUNTED}+" if count > COUNTED else str(count),
        filtered=any(ask.given.values()),
        older=ask.address(before=found[-1].key) if older else "",
        newer=ask.address(after=found[0].key) if newer and found else ask.address() if newer else "",
        outcomes=OUTCOMES,
        targets=TARGETS,
        kinds=KINDS,
        states=STATES,
    )


def _part(reader: Reader, ask: Asked) -> tuple[list[CallEntry], bool, bool]:
    """Return a page of calls, and whether there are older and newer ones."""
    newer = reader.calls(ask.wanted, PAGE + 1, after=ask.after) if ask.after and ask.before is None else []
    if newer:
        return newer[-PAGE:], True, len(newer) > PAGE
    # Nothing is newer than what was asked for: that is the beginning of the list.
    found = reader.calls(ask.wanted, PAGE + 1, before=ask.before)
    return found[:PAGE], len(found) > PAGE, ask.before is not None
