"""Shows played scenarios on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ivr_fsm.demo.board import News
from ivr_fsm.demo.run import Played
from ivr_fsm.flow.step import Step
from ivr_fsm.slack.plaintext import plain

SIGNS: Mapping[News, str] = {"posted": "│", "edited": "✎", "thread": "↳", "loud": "‼"}
MEANINGS: Mapping[News, str] = {
    "posted": "a message: one for each call, with its [buttons]",
    "edited": "what it says now instead: it is edited in place",
    "thread": "a line of its thread",
    "loud": "one that the channel itself is told, too: somebody should look",
}


class Screen:
    """A watcher that prints each step that leads somewhere; the channel speaks in between."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._since: datetime | None = None

    def stepped(self, _call_id: str, _number: int, step: Step, at: datetime) -> None:
        """Print a step."""
        self._since = self._since or at
        seconds = (at - self._since).total_seconds()
        if step.moved:
            self._console.print(
                f"[dim]{seconds:7.1f} s[/]  [bold cyan]{step.after:<20}[/] [dim]{escape(step.reason)}[/]",
                soft_wrap=True,
            )

    def say(self, news: News, lines: Sequence[str]) -> None:
        """Print what is new in the channel (`ivr_fsm.demo.board.Board`)."""
        for line in lines:
            self._console.print(f"{'':11}[green]{SIGNS[news]} {escape(line)}[/]", soft_wrap=True)

    def show(self, played: Played) -> None:
        """Print the messages of the channel as they stand in the end."""
        for pinned in played.shown:
            self._console.print(f"\n{'':11}[dim]The message in the end:[/]")
            for line in plain(pinned.message).splitlines():
                self._console.print(f"{'':11}[green]{SIGNS['posted']}[/] {escape(line)}", soft_wrap=True)


def legend(console: Console) -> None:
    """Print how to read what is printed of each call."""
    console.print("Each call as it moves: the second, the state that it enters, and why.")
    console.print("In green what people see in Slack meanwhile:")
    for news, meaning in MEANINGS.items():
        console.print(f"{'':11}[green]{SIGNS[news]}[/] {escape(meaning)}", soft_wrap=True)


def summary(console: Console, played: list[Played]) -> None:
    """Print a line for each scenario: how it ended, how long it took, and the beginning of the call's id."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for each in played:
        mark = "[red]✗[/]" if each.faults else "[green]✓[/]"
        table.add_row(mark, each.scenario.name, each.outcome, f"{each.seconds:.0f} s", each.id[:8])
    console.print()
    console.print(table)
    for each in played:
        for fault in each.faults:
            console.print(f"[red]✗ {each.scenario.name}: {escape(fault)}[/]")
