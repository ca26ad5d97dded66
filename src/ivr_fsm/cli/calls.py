"""Finding a call in the journal, and the reason why it went where it went."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.text import Text

from ivr_fsm.cli import listing, timeline
from ivr_fsm.cli.common import JournalOption, fail, read_settings
from ivr_fsm.cli.finding import Given, one_call, opened, wanted
from ivr_fsm.cli.plain import View, screen
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.reader import Reader, Wanted

UtcOption = Annotated[bool, typer.Option("--utc", help="Times in UTC, not in this machine's time zone.")]


def view_of(utc: bool) -> View:
    """Return how the settings and ``--utc`` want calls to be shown."""
    return View(UTC if utc else None, masked=read_settings().mask_phones)


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
            metavar="WHO", help="shop, office, call_centre, transfer; or a phone, or its last digits."
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
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    journal: JournalOption = "",
) -> None:
    """List calls, the newest first. Days and times are those of this machine's time zone, or of UTC."""
    given = Given(live, outcome, abandoned_in, answered_by, phone, day, at)
    view, now = view_of(utc), datetime.now(UTC)
    asked = wanted(given, view, now)
    with opened(journal) as reader:
        found = reader.calls(asked, last)
        if not found:
            _say_none(reader, given, view, now)
        elif as_json:
            for call in found:
                typer.echo(listing.as_json(call, view))
        else:
            _list(reader, found, asked, view, now)


def _list(reader: Reader, found: list[CallEntry], asked: Wanted, view: View, now: datetime) -> None:
    console = screen()
    listing.table(console, found, view, now)
    count = reader.count(asked)
    if count > len(found):
        console.print(Text(f"{len(found)} of {count} calls; --last {count} shows them all", style="dim"))


def _say_none(reader: Reader, given: Given, view: View, now: datetime) -> None:
    """Say that there is no such call, and which option to leave out."""
    if not given.options():
        typer.echo("the journal has no call yet", err=True)
        return
    counts = {name: reader.count(wanted(given.without(name), view, now)) for name in given.options()}
    loose = [f"without --{name.replace('_', '-')} {count}" for name, count in counts.items() if count]
    then = ", ".join(loose) or f"the journal has {reader.count(Wanted())} in all"
    typer.echo(f"no call with {given}; {then}", err=True)


def show(
    call: Annotated[
        str, typer.Argument(metavar="ID", help="A call's id, its first 4 characters or more, or last.")
    ],
    every: Annotated[bool, typer.Option("--all", help="Also the steps that changed nothing.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="The steps as they were written: a JSON object a line.")
    ] = False,
    utc: UtcOption = False,
    journal: JournalOption = "",
) -> None:
    """Show one call: where it went, and why. Seconds are those since the call began."""
    view, now = view_of(utc), datetime.now(UTC)
    with opened(journal) as reader:
        found = chosen(reader, call, view, now)
        steps = reader.steps(found.key)
        if raw:
            for step in steps:
                typer.echo(_raw(step, view))
            return
        until = steps[-1].at if steps else found.started
        gaps = [gap for gap in reader.gaps(found.started, until) if gap.instance == found.instance]
        timeline.show(screen(), found, steps, gaps, view, now=now, every=every)


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


def _raw(step: StepEntry, view: View) -> str:
    at = step.at.isoformat(timespec="microseconds")
    plain = {"number": step.number, "at": at, "mono": step.mono, "before": step.before, "after": step.after}
    return json.dumps({**plain, **_masked(dict(step.body), view)}, ensure_ascii=False)


def _masked(value: Any, view: View) -> Any:
    """Return *value* with the phones in its texts masked if that is asked; ids stay what they are."""
    match value:
        case dict():
            return {
                key: each
                if key in ("call_id", "is") or (key == "leg" and "is" in value)
                else _masked(each, view)
                for key, each in value.items()
            }
        case list():
            return [_masked(each, view) for each in value]
        case str():
            return view.safe(value)
    return value
