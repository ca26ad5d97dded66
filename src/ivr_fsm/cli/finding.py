"""Which calls a command is about: one by its id, or all that match."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from difflib import get_close_matches

from ivr_fsm.cli.common import fail, journal_of, read_settings
from ivr_fsm.flow.machine import CallFlow
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import SHORTEST_ID, Reader, Wanted
from ivr_fsm.phone import BadPhone, parse_phone
from ivr_fsm.story.view import View

AROUND = timedelta(minutes=2)
"""So much before and after the minute of ``--at`` a call may have begun: clocks and memories differ."""

STATES = tuple(
    name for name, state in CallFlow.states_map.items() if state.is_atomic and not name.startswith("arriv")
)
TARGETS = ("shop", "office", "call_centre", "transfer", "customer")
OUTCOMES = (
    "answered",
    *(f"answered:{target}" for target in TARGETS),
    "abandoned",
    *(f"abandoned:{state}" for state in STATES if state not in ("connected", "releasing", "ended")),
    "stopped",
    "unanswered",
    "partner",
    "failed",
    "lost",
    "refused",
)


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked for on the command line; empty: it does not matter. See the options of ``calls``."""

    live: bool = False
    outcome: str = ""
    abandoned_in: str = ""
    answered_by: str = ""
    phone: str = ""
    day: str = ""
    at: str = ""

    def options(self) -> list[str]:
        """Return the names of what was asked for, as options."""
        return [name for name in (field.name for field in fields(self)) if getattr(self, name)]

    def without(self, name: str) -> Given:
        """Return the same, but for the option of that name."""
        if name == "live":
            return replace(self, live=False)
        kept: dict[str, str] = {name: ""}
        return replace(self, **kept)  # type: ignore[arg-type]

    def __str__(self) -> str:
        said = [
            f"--{name.replace('_', '-')}" + ("" if name == "live" else f" {getattr(self, name)}")
            for name in self.options()
        ]
        return " ".join(said)


@contextmanager
def opened(url: str) -> Iterator[Reader]:
    """Read the journal at *url*, or that of the settings; end with a message when it cannot be read."""
    with journal_of(url) as engine:
        yield Reader(engine)


def one_call(reader: Reader, name: str) -> list[CallEntry]:
    """Return the calls that *name* may mean: an id, its beginning, a key, or ``last``; at least one."""
    if name == "last":
        if not (newest := reader.calls(Wanted(), 1)):
            fail("the journal has no call yet")
        return newest
    if len(name) < SHORTEST_ID:
        fail(f"{name!r} is too short: give at least {SHORTEST_ID} characters of a call's id, or last")
    if not (found := reader.call(name)):
        fail(f"no call's id begins with {name[:40]!r}; ivr-fsm calls lists them")
    return found


def wanted(given: Given, view: View, now: datetime) -> Wanted:
    """Return the calls that *given* means, or end with what is wrong in it.

    Args:
        given: what was asked for.
        view: whose clock days and times are of.
        now: the present, aware.
    """
    since, until = _span(given, view, now)
    return Wanted(
        live=True if given.live else None,
        outcome=_name(given.outcome, OUTCOMES, "outcome"),
        abandoned_in=_name(given.abandoned_in, STATES, "state"),
        answered_by=_answerer(given.answered_by),
        phone=_phone(given.phone),
        since=since,
        until=until,
    )


def _name(text: str, known: tuple[str, ...], what: str) -> str:
    name = text.strip().lower().replace("-", "_").replace("center", "centre")
    if not name or name in known:
        return name
    near = get_close_matches(name, known, n=3) or [each for each in known if name in each][:3]
    remedy = f"did you mean {', '.join(near)}?" if near else f"there are {', '.join(known)}"
    return fail(f"there is no {what} {text[:40]!r}; {remedy}")


def _answerer(text: str) -> str:
    if not text or not any(sign.isdigit() for sign in text):
        return _name(text, TARGETS, "target")
    # A target's phone is kept as somebody wrote it, with 8, 7 or +7 in front of its last ten digits.
    return re.sub(r"\D", "", _phone(text))[-10:]


def _phone(text: str) -> str:
    """Return a whole number in E.164, or some digits of one."""
    digits = re.sub(r"[\s()+.-]", "", text)
    if text and not (digits.isascii() and digits.isdigit()):
        fail(f"{text[:40]!r} is no phone number and no part of one: digits, spaces and + ( ) - . only")
    if len(digits) >= (9 if text.strip().startswith(("+", "0")) else 10):
        try:
            return parse_phone(text, read_settings().region)
        except BadPhone:
            pass
    return digits


def _span(given: Given, view: View, now: datetime) -> tuple[datetime | None, datetime | None]:
    today = view.local(now).replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
    day = _day(given.day, today) if given.day else None
    if not given.at:
        return (view.begin(day), view.begin(day + timedelta(days=1))) if day else (None, None)
    try:
        clock = datetime.strptime(given.at.strip(), "%H:%M")
    except ValueError:
        fail(f"--at {given.at[:20]!r} is no time of day; write it like 14:32")
    past = timedelta(hours=clock.hour, minutes=clock.minute)
    at = view.begin((day or today) + past)
    if day is None and at > now:
        at = view.begin(today - timedelta(days=1) + past)
    return at - AROUND, at + timedelta(minutes=1) + AROUND


def _day(text: str, today: datetime) -> datetime:
    match text.strip().lower():
        case "today":
            return today
        case "yesterday":
            return today - timedelta(days=1)
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d")
    except ValueError:
        return fail(f"--day {text[:20]!r} is no day; write today, yesterday, or a date like 2026-11-22")
