"""Calls that are told as they are played, without a journal."""

from __future__ import annotations

from datetime import UTC, timedelta

from tests.flow.clock import LiveCall

from ivr_fsm.flow.step import Step
from ivr_fsm.journal.codec import encode_step
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.story.names import state_words
from ivr_fsm.story.rows import Story
from ivr_fsm.story.teller import tell
from ivr_fsm.story.view import View

ENGLISH, RUSSIAN = View(UTC), View(UTC, language="ru")


def entry(step: Step, number: int = 1, seconds: float = 0.0, live: LiveCall | None = None) -> StepEntry:
    """A step as it is read from the journal."""
    at = (live or LiveCall()).start + timedelta(seconds=seconds)
    name = type(step.event).__name__
    return StepEntry(number, at, seconds, name, step.before, step.after, encode_step(step))


def steps_of(live: LiveCall) -> list[StepEntry]:
    played = zip(live.steps, live.times, strict=True)
    return [entry(step, number, seconds, live) for number, (step, seconds) in enumerate(played, 1)]


def call_of(live: LiveCall, **known: object) -> CallEntry:
    """The call as it stands in the journal, as far as a story asks for it."""
    texts = dict.fromkeys(CallEntry.__slots__, "")
    nothing = dict.fromkeys(("answered", "ended", "lost", "forgotten"))
    stands = {"key": 1, "started": live.start, "since": live.start, "state": live.state, "talk": 0}
    fields = {**texts, **nothing, **stands, "call": live.call.arrived.call_id, **known}
    return CallEntry(**fields)  # type: ignore[arg-type]


def told(live: LiveCall, view: View, *, every: bool = False) -> Story:
    return tell(call_of(live), steps_of(live), [], view, every=every)


def as_text(story: Story, view: View) -> str:
    """A story as a page would show it: a state in brackets where it begins, answers and commands below."""
    lines = []
    for row in story.rows:
        state = f"[{state_words(row.state, view)}] " if row.state else ""
        lines.append(f"{row.at:.1f} {state}{row.words}".rstrip())
        answers = [each.text for each in row.why]
        below = [*(f"! {each}" for each in row.trouble), *answers, row.does, row.timers]
        lines += [f"  {each}" for each in below if each]
    return "\n".join(lines)


def all_texts(story: Story) -> list[str]:
    return [
        text
        for row in story.rows
        for text in (row.words, row.does, row.timers, *row.trouble, *(each.text for each in row.why))
    ]
