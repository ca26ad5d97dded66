"""Follows the calls of every instance while they move."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr_fsm.cli.calls import UtcOption, ZoneOption, view_of
from ivr_fsm.cli.common import JournalOption
from ivr_fsm.cli.finding import one_call, opened
from ivr_fsm.cli.listing import SHORT
from ivr_fsm.cli.plain import WIDTH, screen
from ivr_fsm.journal.database import JournalError
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.follower import Follower
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.story.happened import event_words
from ivr_fsm.story.reasons import answer
from ivr_fsm.story.view import View

PAUSE = 0.5
"""Seconds between two looks into the journal."""

MOST = 20
"""So many of the calls that are on are shown at the beginning."""


def tail(
    call: Annotated[str, typer.Option(metavar="ID", help="Only this call: its id, or how it begins.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also the steps that changed nothing.")] = False,
    utc: UtcOption = False,
    zone: ZoneOption = "",
    journal: JournalOption = "",
) -> None:
    """Show calls as they move, a line for each step that leads somewhere, until Ctrl-C."""
    view, console, away = view_of(utc=utc, zone=zone), screen(), ""
    with opened(journal) as reader, suppress(KeyboardInterrupt):
        chosen = one_call(reader, call) if call else []
        keys = {each.key for each in chosen}
        follower = Follower(reader, reader.last_id())
        typer.echo("following the calls of the journal; Ctrl-C ends", err=True)
        begin(console, reader, view, chosen)
        while True:
            away = look(console, follower, view, keys, every=every, away=away)
            time.sleep(PAUSE)


def begin(console: Console, reader: Reader, view: View, chosen: Sequence[CallEntry]) -> None:
    """Print where the calls are that are still on: those of *chosen*; none chosen: the newest of all."""
    calls = chosen or reader.calls(Wanted(live=True), MOST)
    for call in reversed([each for each in calls if each.status == "live"]):
        moves = [step for step in reader.steps(call.key) if _leads_somewhere(step)]
        for step in moves[-1:]:
            _print(console, call, step, view)


def look(
    console: Console, follower: Follower, view: View, keys: set[int], *, every: bool, away: str = ""
) -> str:
    """Print what is new, once.

    Args:
        console: where to.
        follower: what follows the journal.
        view: how steps are shown.
        keys: only the calls of these keys; none: all.
        every: also the steps that changed nothing.
        away: what the last look returned.

    Returns:
        Why the journal cannot be read now; empty when it can.
    """
    try:
        new = follower.poll(time.monotonic())
    except JournalError as error:
        if not away:
            console.print(Text(f"{view.safe(str(error))}; waiting until it is back", style="yellow"))
        return str(error)
    if away:
        console.print(Text("the journal is back; nothing is left out", style="yellow"))
    for call, step in new:
        if (not keys or call.key in keys) and (every or _leads_somewhere(step)):
            _print(console, call, step, view)
    return ""


def _leads_somewhere(step: StepEntry) -> bool:
    told = any(command.get("is") == "Tell" for command in step.commands)
    return step.moved or told or bool(step.fault)


def _print(console: Console, call: CallEntry, step: StepEntry, view: View) -> None:
    at = view.local(step.at)
    why = [f"fault: {step.fault}"] if step.fault else []
    reason = "; ".join([event_words(step, view), *(answer(each, view).text for each in step.judged), *why])
    cells = [
        Text(f"{at:%H:%M:%S}.{at.microsecond // 100_000}"),
        Text(view.safe(call.call)[:SHORT], style="bold"),
        Text(f"{view.safe(call.phone):12}"),
        Text(f"{step.after:19}", style="bold cyan" if step.moved else "dim"),
        Text(view.safe(reason), style="" if step.moved else "dim"),
    ]
    if not console.is_terminal:
        # For grep: a line a step, however long.
        console.print(Text(" ").join(cells), soft_wrap=True)
        return
    line = Table.grid(padding=(0, 1, 0, 0))
    for cell in cells[:-1]:
        line.add_column(no_wrap=True, width=len(cell.plain))
    line.add_column(ratio=1)
    line.add_row(*cells)
    console.print(line, width=min(console.width, WIDTH))
