"""Calls as a table that is readable at 100 columns, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr_fsm.cli.plain import put
from ivr_fsm.cli.timeline import style_of
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.story.view import View
from ivr_fsm.watch.spans import duration

SHORT = 8
"""How many characters of an id are shown."""

_MOST = 140
"""A terminal may be wider: a table is not read across more columns."""

_LONG = timedelta(hours=1)
"""Only conversations last longer."""


def table(
    console: Console, calls: Sequence[CallEntry], view: View, now: datetime, *, keys: bool = False
) -> None:
    """Print *calls*, day by day; with *keys* instead of the beginnings of ids, where those do not differ."""
    width = min(console.width, _MOST)
    columns = _fitting(width, keys=keys)
    for number, (day, of_day) in enumerate(groupby(calls, lambda call: view.local(call.started).date())):
        zone = "" if number else f" ({view.local(calls[0].started):%Z})"
        console.print(Text(f"{day:%A %Y-%m-%d}{zone}", style="bold"))
        listed = _table(columns, width, header=not number)
        for call in of_day:
            cells = _cells(call, view, now, keys=keys, short=columns["outcome, by whom"] < _OUTCOME)
            listed.add_row(*(cells[name] for name in columns))
        put(console, listed, width)
    if any(
        call.status == "live" and call.state != "connected" and now - call.since > _LONG for call in calls
    ):
        text = "live for hours without a conversation: its instance may have died; ivr-fsm show tells"
        console.print(Text(text, style="yellow"))


_OUTCOME, _SHORT_OUTCOME = 32, 21
"""Columns for the outcome with the phone that answered, and for the outcome alone."""


def _fitting(width: int, *, keys: bool) -> dict[str, int]:
    """Return the columns that fit into *width* and how wide each is (0: what is left), by their titles.

    An id is never cut: it is what one gives to the other commands.
    """
    columns = {
        "time": 8,
        "key" if keys else "id": 19 if keys else SHORT,
        "phone": 12,
        "who, #order": 0,
        "outcome, by whom": _OUTCOME,
        "waited": 7,
        "talked": 7,
    }
    least = 12  # for a name

    def taken() -> int:
        return sum(each + 1 for each in columns.values()) - 1

    if taken() + least > width:
        columns["outcome, by whom"] = _SHORT_OUTCOME
    for title in ("talked", "waited", "phone", "who, #order"):
        if taken() + least * ("who, #order" in columns) > width:
            del columns[title]
    return columns


def _table(columns: dict[str, int], width: int, *, header: bool) -> Table:
    listed = Table(
        box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=header, header_style="dim", width=width
    )
    for title, wide in columns.items():
        right = title in ("waited", "talked")
        listed.add_column(
            title,
            width=wide or None,
            ratio=None if wide else 1,
            justify="right" if right else "left",
            style="bold" if title in ("id", "key") else "",
            no_wrap=True,
            overflow="ellipsis",
        )
    return listed


def _cells(call: CallEntry, view: View, now: datetime, *, keys: bool, short: bool) -> dict[str, Text]:
    waited = call.waited if call.status != "live" or call.answered else now - call.started
    outcome = _outcome(call, now)
    if short:
        outcome = _shortened(outcome)
    return {
        "time": Text(f"{view.local(call.started):%H:%M:%S}"),
        "key" if keys else "id": Text(str(call.key) if keys else view.safe(call.call)[:SHORT]),
        "phone": Text(view.safe(call.phone or ("removed" if call.forgotten else "hidden"))),
        "who, #order": Text(view.safe(who(call))),
        "outcome, by whom": Text(view.safe(outcome), style=style_of(call)),
        "waited": Text(duration(waited)),
        "talked": Text(duration(call.talked)),
    }


def _shortened(outcome: str) -> str:
    """Return *outcome* for a narrow terminal: without the phone that answered, ``abandoned:call_centre``."""
    words = outcome.partition(" ")[0] if outcome.startswith("answered:") else outcome
    return words.replace("dialing_", "")


def who(call: CallEntry) -> str:
    """Return who called, as far as it is known: name, order, shop."""
    if call.kind == "partner":
        return f"shop {call.shop}"
    order = f"{'#' if call.name else 'order '}{call.order_id}" if call.order_id else ""
    return f"{call.name} {order}".strip()


def _outcome(call: CallEntry, now: datetime) -> str:
    match call.status:
        case "live":
            return f"live: {call.state} {duration(now - call.since)}"
        case "lost":
            return f"LOST in {call.state}"
        case "refused":
            return f"REFUSED: {call.refused}"
    if call.outcome == f"answered:{call.answered_by}":
        return f"{call.outcome} {call.answered_phone}"
    return call.outcome


def as_json(call: CallEntry, view: View) -> str:
    """Return a call as a line of JSON: times in UTC, time spans in seconds."""
    plain = {name: _plain(name, value, view) for name, value in asdict(call).items()}
    plain |= {"status": call.status}
    plain |= {
        name: _plain(name, value, view) for name, value in (("waited", call.waited), ("talked", call.talked))
    }
    return json.dumps(plain, ensure_ascii=False)


def _plain(name: str, value: object, view: View) -> object:
    match value:
        case datetime():
            return value.isoformat(timespec="milliseconds")
        case timedelta():
            return round(value.total_seconds(), 3)
        case str() if name != "call":
            return view.safe(value)
    return value
