"""One call on a terminal of 100 columns: who called, where the call went, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivr_fsm.cli.plain import WIDTH, put
from ivr_fsm.journal.entries import CallEntry, GapEntry, StepEntry
from ivr_fsm.journal.recordings import REMOVED
from ivr_fsm.story.names import outcome_words, starts_prompt, target_words, timer_name
from ivr_fsm.story.reasons import Answer
from ivr_fsm.story.rows import Row, Story
from ivr_fsm.story.teller import tell
from ivr_fsm.story.view import View
from ivr_fsm.watch.spans import duration

_OVERDUE = timedelta(minutes=1)
"""So long after a deadline nobody can be there any more who would keep it."""


def show(
    console: Console,
    call: CallEntry,
    steps: Sequence[StepEntry],
    gaps: Sequence[GapEntry],
    view: View,
    *,
    now: datetime,
    every: bool = False,
) -> None:
    """Print the timeline of *call*.

    Args:
        console: where to.
        call: what to show.
        steps: its steps.
        gaps: the gaps of its instance's journal during the call.
        view: how it is shown.
        now: the present, for a call that is still on.
        every: also show the steps that changed nothing, and each by itself.
    """
    story = tell(call, steps, gaps, view, every=every)
    parts = [
        *_header(call, steps, view),
        Text(),
        _timeline(story, every=every),
        *_end(call, story, view, now),
    ]
    put(console, Group(*parts), min(console.width, WIDTH))


def _header(call: CallEntry, steps: Sequence[StepEntry], view: View) -> Iterator[RenderableType]:
    known = [call.name, call.order_id and f"order {call.order_id}", call.shop and f"shop {call.shop}"]
    forgotten = "personal data removed" if call.forgotten else ""
    who = ", ".join(filter(None, known)) or forgotten or ("not known" if call.kind else "not identified")
    phone = call.phone or ("number removed" if call.forgotten else "number hidden")
    yield Text.assemble((view.safe(phone), "bold"), "  ", view.safe(who))
    by_phone = f" ({call.answered_phone})" if call.status == f"answered:{call.answered_by}" else ""
    ended = [outcome_words(call, view) + by_phone, *_times(call, steps, view)]
    yield Text(view.safe(" · ".join(ended)), style=style_of(call))
    began = view.local(call.started)
    called = f"to {view.safe(call.called)} · " if call.called else ""
    yield Text(f"{began:%a %Y-%m-%d %H:%M:%S %Z} · {called}{view.safe(call.call)}")
    yield Text(f"instance {view.safe(call.instance)} · flow {call.flow} · plan {call.plan}", style="dim")
    if call.recording:
        length = f" ({duration(timedelta(seconds=call.recording_seconds))})" if call.recording_seconds else ""
        faulty = call.recording not in ("ok", REMOVED)
        yield Text(f"recording {view.safe(call.recording)}{length}", style="red" if faulty else "dim")
    way = [step.after for step in steps if step.moved and step.after not in ("releasing", "ended")]
    if way:
        yield Text(f"went {' → '.join(way)}", style="cyan")


def _times(call: CallEntry, steps: Sequence[StepEntry], view: View) -> Iterator[str]:
    """Say how long the caller waited and talked, and with whom first if there were several."""
    talks = [step.leg for step in steps if step.event == "Bridged"]
    first, several = talks[0].partition(" ")[0] if talks else "", len(set(talks)) > 1
    if call.waited:
        waited = f"first answered after {{}} by {target_words(first, view)}" if several else "waited {}"
        yield waited.format(duration(call.waited))
    if call.talked:
        yield f"talked {duration(call.talked)}{' in all' if several else ''}"


def _timeline(story: Story, *, every: bool) -> Table:
    table = Table.grid(padding=(0, 1), pad_edge=False)
    table.add_column(justify="right", no_wrap=True, width=7)
    if every:
        table.add_column(justify="right", no_wrap=True, style="dim")
    table.add_column(no_wrap=True, width=19)
    table.add_column(ratio=1)
    for row in story.rows:
        number = [f"#{row.numbers[0]}" if row.numbers else ""] if every else []
        first, *rest = _lines(row)
        table.add_row(
            Text(f"{row.at:.1f}", style="dim" if row.quiet else ""),
            *number,
            Text(row.state, "bold cyan"),
            first,
        )
        for line in rest:
            table.add_row("", *([""] * len(number)), "", line)
    return table


def _lines(row: Row) -> Iterator[RenderableType]:
    if row.words:
        yield Text(row.words, style="dim" if row.quiet else "bold" if row.state else "")
    for index, trouble in enumerate(row.trouble):
        line = Text(f"! {trouble}", style="yellow")
        yield _indented(line) if row.words or index else line
    if row.why:
        yield _indented(Text("; ").join(_answer(each) for each in row.why))
    for said in filter(None, (row.does, row.timers)):
        yield _indented(Text(said, style="dim"))


def _answer(answer: Answer) -> Text:
    return Text(answer.text, style="green" if answer.yes else "magenta")


def _indented(text: Text) -> Padding:
    return Padding(text, (0, 0, 0, 2), expand=False)


def _end(call: CallEntry, story: Story, view: View, now: datetime) -> Iterator[RenderableType]:
    if not story.rows:
        removed = "they are kept for IVR_KEEP_STEPS days" if not call.refused else "it was refused"
        yield Text(f"the journal has no step of this call: {removed}", style="yellow")
    if story.left_out:
        what = "step that changed nothing" if story.left_out == 1 else "steps that changed nothing"
        yield Text(f"{story.left_out} {what}; --all shows every step by itself, and the timers", style="dim")
    if call.status == "lost" and call.lost:
        at = f"{view.local(call.lost):%Y-%m-%d %H:%M:%S}"
        text = f"lost: noticed at {at}: its instance died, or it was exported before it ended"
        yield Text(text, style="bold red")
    if call.status == "live":
        # The next prompt, and when the call moves on by itself: what lies between is more prompts.
        coming = [*story.running[:1], *(each for each in story.running[1:] if not starts_prompt(each.timer))]
        due = [f"{timer_name(each.timer, view)} at {view.local(each.deadline):%H:%M:%S}" for each in coming]
        then = f"; next: {', '.join(due)}" if due else ""
        yield Text(f"live: in {call.state} for {duration(now - call.since)}{then}", style="bold cyan")
        if coming and now - coming[0].deadline > _OVERDUE:
            text = (
                "its deadlines passed long ago: its instance may have died; then its next start marks it lost"
            )
            yield Text(text, style="yellow")


def style_of(call: CallEntry) -> str:
    """Return the style in which the outcome of *call* is shown."""
    kind = call.status.partition(":")[0]
    return {
        "live": "bold cyan",
        "answered": "green",
        "abandoned": "yellow",
        "partner": "",
        "lost": "bold red",
        "refused": "bold red",
    }.get(kind, "red")
