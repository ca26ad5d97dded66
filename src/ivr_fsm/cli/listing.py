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

from ivr_fsm.cli.plain import View, duration
from ivr_fsm.cli.timeline import style_of
from ivr_fsm.journal.entries import CallEntry

SHORT = 8
"""How many characters of an id are shown."""

_MOST = 140
"""A terminal may be wider: a table is not read across more columns."""


def table(
    console: Console, calls: Sequence[CallEntry], view: View, now: datetime, *, keys: bool = False
) -> None:
    """Print *calls*, day by day; with *keys* instead of the beginnings of ids, where those do not differ."""
    width = min(console.width, _MOST)
    for number, (day, of_day) in enumerate(groupby(calls, lambda call: view.local(call.started).date())):
        zone = "" if number else f" ({view.local(calls[0].started):%Z})"
        console.print(Text(f"{day:%A %Y-%m-%d}{zone}", style="bold"))
        listed = _columns(width, keys=keys, header=not number)
        for call in of_day:
            listed.add_row(*_cells(call, view, now, keys=keys))
        console.print(listed)


def _columns(width: int, *, keys: bool, header: bool) -> Table:
    listed = Table(
        box=None, padding=(0, 1, 0, 0), pad_edge=False, show_header=header, header_style="dim", width=width
    )
    listed.add_column("time", width=8)
    listed.add_column("key" if keys else "id", width=19 if keys else SHORT, style="bold")
    listed.add_column("phone", width=12)
    listed.add_column("who, #order", ratio=1, no_wrap=True, overflow="ellipsis")
    listed.add_column("outcome, by whom", width=32)
    listed.add_column("waited", width=6, justify="right")
    listed.add_column("talked", width=7, justify="right")
    return listed


def _cells(call: CallEntry, view: View, now: datetime, *, keys: bool) -> tuple[Text, ...]:
    return (
        Text(f"{view.local(call.started):%H:%M:%S}"),
        Text(str(call.key) if keys else view.safe(call.call)[:SHORT]),
        Text(view.safe(call.phone or ("removed" if call.forgotten else "hidden"))),
        Text(view.safe(who(call))),
        Text(view.safe(_outcome(call, now)), style=style_of(call)),
        Text(duration(call.waited if call.status != "live" or call.answered else now - call.started)),
        Text(duration(call.talked)),
    )


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
