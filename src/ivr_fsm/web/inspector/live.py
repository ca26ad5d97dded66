"""Who is on the line now, as the rows of a table that are made anew only when their call has moved."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.story.standing import phones, picked_up, present
from ivr_fsm.watch.ahead import ahead
from ivr_fsm.web.inspector.archive import Archive
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.templates import render

MOST = 500
"""So many live calls are shown; the newest first."""

STALE = timedelta(minutes=10)
"""A call in which nobody talks and that has not moved for so long is doubtful: its service may have died."""


_For = tuple[int, str, bool]
"""What a row is made for: how many steps the call took, where it is, whether it has been there for long."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What has become of the live calls since the last tick.

    Attributes:
        whole: all rows, as the event for a page that has just been opened.
        news: what differs from the last tick, as an event; empty: nothing does.
        lengths: the number of the last step of each live call, by its key; of those without a row, too.
    """

    whole: str
    news: str
    lengths: dict[int, int]


@dataclass(slots=True)
class _Rows:
    """The rows of one kind of page.

    Attributes:
        made: each row, and what it was made for.
        told: what the rows were made for that open pages were told.
        newest: the key of the newest call that they were told.
    """

    made: dict[int, tuple[_For, str]] = field(default_factory=dict)
    told: dict[int, _For] = field(default_factory=dict)
    newest: int = 0


class LiveRows:
    """Keeps the rows of live calls for each kind of page that is open."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._rows: dict[Look, _Rows] = {}

    def shown(self, look: Look) -> dict[int, str]:
        """Return the row of each live call by its key, the newest first."""
        return {key: html for key, (_, html) in self._renewed(look)[0].items()}

    def tick(self, look: Look) -> Tick:
        """Return what has become of the live calls; pages of one *look* are told the same."""
        rows, lengths = self._renewed(look)
        newest, known = self._archive.newest, self._rows[look].newest
        # A call that came and went between two ticks is in no row: pages fetch it with the history.
        missed = newest != known and newest not in rows
        told, self._rows[look].newest = self._rows[look].told, newest
        changed = {key: html for key, (made_for, html) in rows.items() if told.get(key) != made_for}
        gone = told.keys() - rows.keys()
        self._rows[look].told = {key: made_for for key, (made_for, _) in rows.items()}
        order = list(rows)
        whole = _event({key: html for key, (_, html) in rows.items()}, order, newest, len(lengths))
        news = _event(changed, order, newest, len(lengths)) if changed or gone or missed else ""
        return Tick(whole, news, lengths)

    def forget(self, looks: set[Look]) -> None:
        """Keep rows for these kinds of page only."""
        self._rows = {look: rows for look, rows in self._rows.items() if look in looks}

    def _renewed(self, look: Look) -> tuple[dict[int, tuple[_For, str]], dict[int, int]]:
        calls = self._archive.live(MOST)
        lengths = self._archive.reader.live_lengths()
        rows = self._rows.setdefault(look, _Rows())
        show = Showing(look, self._archive.zone)
        made: dict[int, tuple[_For, str]] = {}
        for call in calls:
            wanted = lengths.get(call.key, 0), call.state, _stale(call)
            known = rows.made.get(call.key)
            made[call.key] = known if known and known[0] == wanted else (wanted, self._row(show, call))
        rows.made = made
        return made, lengths

    def _row(self, show: Showing, call: CallEntry) -> str:
        return render("live_row.html", row=live_row(self._archive, show, call), up="")


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A live call, in words.

    *since* and *due* are milliseconds since 1970, for the page's own clock; their texts are for one without.
    """

    key: int
    began: str
    phone: str
    who: str
    state: str
    state_id: str
    since: int
    since_text: str
    rings: list[str]
    next: str
    due: int | None
    due_text: str
    stale: bool


def live_row(archive: Archive, show: Showing, call: CallEntry) -> LiveRow:
    """Return what is to be told of a live call."""
    steps = archive.reader.steps(call.key)
    at = present(call, steps)
    coming = ahead(at, archive.plan(call.plan)) if call.kind else None
    return LiveRow(
        call.key,
        show.clock(call.started),
        show.phone(call),
        show.who(call),
        show.state(call.state),
        call.state,
        millis(call.since),
        show.w("calls.since_clock", at=show.clock(call.since)),
        ringing(show, call, steps),
        show.w(f"goes.{coming.what}") if coming else "",
        millis(coming.at) if coming and coming.at else None,
        show.w("calls.due_clock", at=show.clock(coming.at)) if coming and coming.at else "",
        _stale(call),
    )


def _stale(call: CallEntry) -> bool:
    return call.state != "connected" and datetime.now(UTC) - call.since > STALE


def ringing(show: Showing, call: CallEntry, steps: list[StepEntry]) -> list[str]:
    """Return whose phones ring, or who is on the line."""
    if call.state in ("connected", "announcing"):
        found = picked_up(steps)
        return [show.safe(f"{show.target(found['target'])} {found['leg_phone']}")] if found else []
    return [show.safe(f"{show.target(each.target)} {each.phone}") for each in phones(steps) if each.rings]


def millis(at: datetime) -> int:
    """Return a time as browsers count it."""
    return round(at.timestamp() * 1000)


def _event(rows: dict[int, str], order: list[int], newest: int, count: int) -> str:
    """Return rows as the data of a server-sent event: numbers as texts, browsers cannot count that far."""
    said = {
        "rows": {str(key): html for key, html in rows.items()},
        "order": list(map(str, order)),
        "newest": str(newest),
        "count": count,
    }
    return json.dumps(said, ensure_ascii=False)
