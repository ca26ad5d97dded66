"""The effect of a plan, as it is printed: the sums, then which calls go elsewhere, then what is not known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from statistics import median, quantiles
from textwrap import fill
from typing import TypeVar

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ivr_fsm.cli.plain import WIDTH
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.replay import plan_changes
from ivr_fsm.journal.whatif.agenda import SLACK
from ivr_fsm.journal.whatif.effect import Compared, Effect, Verdict
from ivr_fsm.journal.whatif.model import Course
from ivr_fsm.journal.whatif.words import WHO, became, ended, turning
from ivr_fsm.story.view import View

SHOWN_IDS = 12
"""So many ids are shown of calls that have the same in common."""

ASSUMED = (
    "A phone does what it did, as long after it was dialed; a caller presses the same key as long after the "
    "menu was begun, and hangs up as long after the call began.",
    "Whoever pressed no key presses none, whatever the menu says; whoever answered listens to what they are "
    "told now. An announcement that no call had lasts as long as the plan lets it.",
    "What nobody was seen doing is not guessed: such a call is not known. Waits that are longer by half a "
    "second ask nothing new.",
)

_OUTCOMES = (*(f"answered:{target}" for target in WHO), "abandoned", "unanswered", "partner", "failed")
"""Calls in which somebody who watched took a hand are not modelled."""

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


class Report:
    """Prints what was found.

    Args:
        console: where to.
        view: how phones and names are shown.
        found: the effect.
    """

    def __init__(self, console: Console, view: View, found: Effect) -> None:
        self._console = console
        self._width = min(console.width, WIDTH)
        self._view = view
        self._found = found

    def show(self, plan: Plan, name: str, since: datetime) -> None:
        """Print everything; *plan* is called *name*, and calls were wanted from *since* on."""
        found = self._found
        aside = sum(map(len, found.aside.values()))
        self._line(
            f"{len(found.calls) + aside} calls since {self._view.local(since):%Y-%m-%d %H:%M}, with {name}",
            "bold",
        )
        self._changes(plan)
        if found.calls:
            self._console.print()
            self._console.print(self._sums())
            self._bounds()
            self._elsewhere()
            self._at_another_time()
            self._unknown()
        self._aside()
        if found.calls:
            self._heading("Assumed")
            self._items([("·", text) for text in ASSUMED])

    # What is printed

    def _changes(self, plan: Plan) -> None:
        for revision, (before, number) in self._found.plans.items():
            changes = plan_changes(before, plan)
            same = "" if changes else ": the same plan"
            self._line(f"plan {revision}, of {_calls(number)}{same}", "dim")
            self._items([("", change) for change in changes])
        if self._found.older:
            older = f"{_calls(self._found.older)} of an older version of the flow, modelled with today's"
            self._line(older, "yellow")

    def _sums(self) -> Table:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("")
        for title in ("then", "not known now", "change", "now"):
            table.add_column(title, justify="right")
        unknown = self._found.of(Verdict.UNKNOWN)
        known = [each for each in self._found.calls if not each.now.unknown]
        for kind in _OUTCOMES:
            then = sum(_is(each.then, kind) for each in self._found.calls)
            lost = sum(_is(each.then, kind) for each in unknown)
            now = sum(_is(each.now, kind) for each in known)
            if then or now:
                change = f"{now - then + lost:+}" if now != then - lost else ""
                table.add_row(ended(kind), str(then), str(-lost or ""), change, str(now))
        if unknown:
            table.add_row("not known", "", "", "", str(len(unknown)))
        for title, of in (("wait for an answer, median", median), ("90 of 100 wait no longer", _ninetieth)):
            waits = [[w for each in known if (w := course(each).waited) is not None] for course in _WHEN]
            if all(waits):
                was, now_is = (of(each) for each in waits)
                table.add_row(title, f"{was:.1f} s", "", f"{now_is - was:+.1f} s", f"{now_is:.1f} s")
        return table

    def _bounds(self) -> None:
        unknown = self._found.of(Verdict.UNKNOWN)
        if not unknown:
            return
        then, now = (sum(_is(when(each), "answered") for each in self._found.calls) for when in _WHEN)
        self._line(
            f"Answered in all: {then} then; now at least {now}, at most {now + len(unknown)}. "
            "Changes and waits are those of the calls whose way is known.",
            "dim",
        )

    def _elsewhere(self) -> None:
        calls = self._found.of(Verdict.ELSEWHERE)
        self._heading(f"Elsewhere: {len(calls)} of {_calls(len(self._found.calls))}")
        for turn, those in _grouped(calls, lambda each: turning(each.then, each.now)):
            self._line(turn, "bold")
            self._items(
                (str(len(same)), f"{what}{_sooner(same)}: {self._ids(each.call for each in same)}")
                for what, same in _grouped(those, lambda each: became(each.then, each.now))
            )

    def _at_another_time(self) -> None:
        calls = [each for each in self._found.of(Verdict.SAME) if each.at_another_time]
        if calls:
            self._heading("The same way, answered at another time")
            for sign, those in _grouped(calls, lambda each: (each.later or 0) < 0):
                when = "sooner" if sign else "later"
                by = abs(median(each.later or 0 for each in those))
                text = f"{by:.1f} s {when} (median): {self._ids(each.call for each in those)}"
                self._items([(str(len(those)), text)])

    def _unknown(self) -> None:
        calls = self._found.of(Verdict.UNKNOWN)
        if calls:
            self._heading(f"Not known: {_calls(len(calls))}, from where nobody has shown what they would do")
            self._items(
                (str(len(those)), f"{_why(why, those)}: {self._ids(each.call for each in those)}")
                for why, those in _grouped(
                    calls, lambda each: each.now.unknown.why if each.now.unknown else ""
                )
            )

    def _aside(self) -> None:
        if aside := self._found.aside:
            self._heading(f"Not modelled: {_calls(sum(map(len, aside.values())))}")
            self._items((str(len(calls)), f"{why}: {self._ids(calls)}") for why, calls in aside.items())

    # How it is printed

    def _line(self, text: str, style: str = "") -> None:
        self._console.print(Text(self._view.safe(text), style=style), width=self._width)

    def _heading(self, text: str) -> None:
        self._console.print()
        self._line(text, "bold cyan")

    def _items(self, items: Iterable[tuple[str, str]]) -> None:
        for mark, text in items:
            safe = fill(self._view.safe(f"{mark:>4} {text}"), self._width, subsequent_indent=" " * 5)
            self._console.print(Text(safe), width=self._width)

    def _ids(self, calls: Iterable[CallEntry]) -> str:
        ids = [call.call[:8] for call in calls]
        more = f" and {len(ids) - SHOWN_IDS} more" if len(ids) > SHOWN_IDS else ""
        return " ".join(ids[:SHOWN_IDS]) + more


_WHEN: tuple[Callable[[Compared], Course], ...] = (lambda each: each.then, lambda each: each.now)


def _is(course: Course, kind: str) -> bool:
    return course.outcome == kind or course.outcome.startswith(f"{kind}:")


def _grouped(items: Sequence[T], by: Callable[[T], K]) -> list[tuple[K, list[T]]]:
    """Return the *items* that have the same in common, the most first."""
    groups: dict[K, list[T]] = defaultdict(list)
    for item in items:
        groups[by(item)].append(item)
    return sorted(groups.items(), key=lambda group: -len(group[1]))


def _calls(number: int) -> str:
    return f"{number} call{'' if number == 1 else 's'}"


def _ninetieth(waits: Sequence[float]) -> float:
    return quantiles(waits, n=10, method="inclusive")[-1] if len(waits) > 1 else waits[0]


def _sooner(calls: Sequence[Compared]) -> str:
    later = [each.later for each in calls if each.later is not None]
    by = median(later) if later else 0.0
    if abs(by) < SLACK:
        return ""
    middle = " (median)" if len(later) > 1 else ""
    return f", {abs(by):.1f} s {'sooner' if by < 0 else 'later'}{middle}"


def _why(why: str, calls: Sequence[Compared]) -> str:
    seconds = [each.now.unknown.seconds for each in calls if each.now.unknown]
    least, most = (f"{each:.3g}" for each in (min(seconds), max(seconds)))
    return why.replace("{}", least if least == most else f"{least} to {most}")
