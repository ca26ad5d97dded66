"""Shows played scenarios on a terminal."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ivr_fsm.demo.run import Played
from ivr_fsm.flow.step import Step
from ivr_fsm.slack.plaintext import plain


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

    def say(self, text: str) -> None:
        """Print what the channel shows."""
        for line in text.splitlines():
            self._console.print(f"{'':11}[green]» {escape(line)}[/]", soft_wrap=True)

    def show(self, played: Played) -> None:
        """Print how the channel shows the call in the end."""
        for shown in played.shown:
            self._console.print()
            for line in plain(shown.message).splitlines():
                self._console.print(f"{'':11}[green]│[/] {escape(line)}", soft_wrap=True)


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
