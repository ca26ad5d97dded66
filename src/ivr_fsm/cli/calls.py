"""Finding a call in the journal, and the reason why it went where it went."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.text import Text

from ivr_fsm.cli import listing, timeline
from ivr_fsm.cli.common import JournalOption, fail, read_settings
from ivr_fsm.cli.finding import Given, one_call, opened, wanted
from ivr_fsm.cli.plain import screen
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.files import read_call
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.story.raw import raw as raw_step
from ivr_fsm.story.view import View

UtcOption = Annotated[bool, typer.Option("--utc", help="Times in UTC, not in this machine's time zone.")]
ZoneOption = Annotated[
    str, typer.Option("--zone", metavar="ZONE", help="Times in another time zone, like Europe/Moscow.")
]


def view_of(*, utc: bool = False, zone: str = "") -> View:
    """Return how the settings, ``--utc`` and ``--zone`` want calls to be shown."""
    if utc and zone:
        fail("give either --utc or --zone, and not both")
    return View(UTC if utc else _zone(zone) if zone else None, masked=read_settings().mask_phones)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return fail(f"there is no time zone {name[:40]!r}; write it like Europe/Moscow")


def calls(  # noqa: PLR0917 - options, each given by its name
    live: Annotated[bool, typer.Option("--live", help="Only calls that are still on.")] = False,
    outcome: Annotated[
        str, typer.Option(metavar="OUTCOME", help="answered, answered:office, abandoned, unanswered, lost, …")
    ] = "",
    abandoned_in: Annotated[
        str, typer.Option(metavar="STATE", help="The caller hung up in this state: menu, dialing_office, …")
    ] = "",
    answered_by: Annotated[
        str,
        typer.Option(
            metavar="WHO",
            help="shop, office, call_centre, transfer, customer; or a phone, or its last digits.",
        ),
    ] = "",
    phone: Annotated[
        str,
        typer.Option(metavar="PHONE", help="The caller: 8 916 123-45-67, +79161234567, or its last digits."),
    ] = "",
    day: Annotated[str, typer.Option(metavar="DAY", help="today, yesterday, or 2026-11-22.")] = "",
    at: Annotated[
        str,
        typer.Option(
            metavar="14:32", help="Begun within 2 minutes of that time, of --day or else the last such."
        ),
    ] = "",
    last: Annotated[int, typer.Option(min=1, max=100_000, help="How many calls, the newest first.")] = 20,
    utc: UtcOption = False,
    zone: ZoneOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    journal: JournalOption = "",
) -> None:
    """List calls, the newest first. Days and times are those of this machine's time zone, UTC, or --zone."""
    given = Given(live, outcome, abandoned_in, answered_by, phone, day, at)
    view, now = view_of(utc=utc, zone=zone), datetime.now(UTC)
    asked = wanted(given, view, now)
    with opened(journal) as reader:
        found = reader.calls(asked, last)
        if not found:
            _say_none(reader, given, view, now)
        elif as_json:
            for call in found:
                typer.echo(listing.as_json(call, view))
        else:
            listing.table(screen(), found, view, now)
            if len(found) == last and (count := reader.count(asked)) > last:
                screen().print(Text(f"{last} of {count} calls; --last {count} shows them all", style="dim"))


def _say_none(reader: Reader, given: Given, view: View, now: datetime) -> None:
    """Say that there is no such call, and which option to leave out."""
    if not given.options():
        typer.echo("the journal has no call yet", err=True)
        return
    counts = {name: reader.count(wanted(given.without(name), view, now)) for name in given.options()}
    loose = [f"without --{name.replace('_', '-')} {count}" for name, count in counts.items() if count]
    then = ", ".join(loose) or f"the journal has {reader.count(Wanted())} in all"
    typer.echo(f"no call with {given}{_where(reader, given, view, now)}; {then}", err=True)


def _where(reader: Reader, given: Given, view: View, now: datetime) -> str:
    """Say in which time was looked, if in any, and when the newest calls are."""
    asked = wanted(given, view, now)
    if asked.since is None or asked.until is None:
        return ""
    since, until = view.local(asked.since), view.local(asked.until)
    looked = f" ({since:%Y-%m-%d %H:%M} to {until:%H:%M %Z})" if given.at else f" ({since:%Y-%m-%d %Z})"
    newest = reader.calls(Wanted(), 1)
    return looked + (f"; the newest is of {view.local(newest[0].started):%Y-%m-%d %H:%M}" if newest else "")


def show(  # noqa: PLR0917 - options, each given by its name
    call: Annotated[
        str, typer.Argument(metavar="ID", help="A call's id, its first 4 characters or more, or last.")
    ],
    every: Annotated[
        bool, typer.Option("--all", help="Also the steps that changed nothing, and the timers.")
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="The steps as they were written: a JSON object a line.")
    ] = False,
    utc: UtcOption = False,
    zone: ZoneOption = "",
    journal: JournalOption = "",
) -> None:
    """Show one call: where it went, and why. Seconds are those since the call began."""
    view, now = view_of(utc=utc, zone=zone), datetime.now(UTC)
    with opened(journal) as reader:
        found = chosen(reader, call, view, now)
        read = read_call(reader, found)
        if raw:
            for step in read.steps:
                typer.echo(raw_step(step, view))
            return
        timeline.show(screen(), found, read.steps, read.gaps, view, now=now, every=every)


def chosen(reader: Reader, name: str, view: View, now: datetime) -> CallEntry:
    """Return the call that *name* means, or end with those that it may mean."""
    found = one_call(reader, name)
    if len(found) > 1:
        # A caller leg may be two calls: then only their keys tell them apart.
        same = len({each.call for each in found}) < len(found)
        listing.table(screen(), found, view, now, keys=same)
        more = "a key" if same else "more characters"
        fail(f"{len(found)} calls begin with {name!r}: give {more} of those above")
    return found[0]
