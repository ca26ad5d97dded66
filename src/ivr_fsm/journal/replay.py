"""A recorded call through today's flow: the same commands, or the first difference and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.step import Step, arrive, attempt
from ivr_fsm.journal.codec import CodecError, Json, encode_step
from ivr_fsm.journal.entries import StepEntry


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a replayed call first does something else than it did.

    Attributes:
        recorded: the step as it was.
        today: the step as it would be.
        missing: commands that only the recorded step has.
        added: commands that only today's step has.
        guards: the guards that are answered otherwise: (name, as recorded, today), in words; empty: not
            asked.
    """

    recorded: StepEntry
    today: Step
    missing: tuple[Json, ...]
    added: tuple[Json, ...]
    guards: tuple[tuple[str, str, str], ...]


@dataclass(slots=True)
class Replay:
    """What came of a replay."""

    steps: list[Step] = field(default_factory=list)
    """The steps that today's flow took, up to the first difference."""
    difference: Difference | None = None
    stopped: str = ""
    """Why the replay could not go on, if so: steps are missing, or are none that today's flow knows."""

    @property
    def same(self) -> bool:
        """Whether every recorded step came out as it was."""
        return self.difference is None and not self.stopped


def replay(recorded: Sequence[StepEntry], plan: Plan) -> Replay:
    """Give the events of *recorded* to today's flow with *plan*, at their times, and compare step by step."""
    done = Replay()
    call = None
    if not recorded:
        done.stopped = "the journal has no step of this call"
    for number, entry in enumerate(recorded, 1):
        if entry.number != number:
            done.stopped = f"step {number} is missing from the journal"
            break
        try:
            event = entry.decoded()
        except CodecError as error:
            done.stopped = f"step {number}: {error}"
            break
        if call is not None:
            today = attempt(call, event, entry.at)
        elif isinstance(event, CallArrived):
            call, today = arrive(plan, event, entry.at)
        else:
            done.stopped = f"step {number} is not the arrival of a call"
            break
        done.steps.append(today)
        if (difference := _compare(entry, today)) is not None:
            done.difference = difference
            break
    return done


def plan_changes(old: Plan, new: Plan) -> list[str]:
    """Return what differs between two plans, in words: ``dialing_shop.gives_up: 32.0, now 15.0``."""
    return [f"{place}: {was}, now {now}" for place, was, now in _changes("", old, new)]


def _changes(place: str, old: object, new: object) -> Iterator[tuple[str, object, object]]:
    if isinstance(old, BaseModel) and isinstance(new, BaseModel) and type(old) is type(new):
        for name in type(old).model_fields:
            yield from _changes(f"{place}.{name}".lstrip("."), getattr(old, name), getattr(new, name))
    elif old != new:
        yield place, _shown(old), _shown(new)


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(str(each) for each in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _compare(recorded: StepEntry, today: Step) -> Difference | None:
    body = encode_step(today)
    commands = body.get("commands", [])
    same_way = (recorded.before, recorded.after, recorded.fault) == (today.before, today.after, today.fault)
    if same_way and recorded.commands == commands:
        return None
    asked = {each.guard: str(each) for each in recorded.judged}
    now = {each.guard: str(each) for each in today.judged}
    return Difference(
        recorded,
        today,
        tuple(each for each in recorded.commands if each not in commands),
        tuple(each for each in commands if each not in recorded.commands),
        tuple(
            (guard, asked.get(guard, ""), now.get(guard, ""))
            for guard in dict.fromkeys((*asked, *now))
            if asked.get(guard) != now.get(guard)
        ),
    )
