"""A recorded call through today's flow: the same steps, or the first difference and its cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from ivr_fsm.cli.calls import chosen, view_of
from ivr_fsm.cli.common import JournalOption, fail, read_settings
from ivr_fsm.cli.finding import opened
from ivr_fsm.cli.plain import WIDTH, screen
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.codec import encode_step
from ivr_fsm.journal.entries import CallEntry, StepEntry
from ivr_fsm.journal.files import FileError, read_file
from ivr_fsm.journal.replay import Difference, Replay, plan_changes, replay
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.timers import follow
from ivr_fsm.planfile import PlanError, load_plan
from ivr_fsm.story.asked import Legs
from ivr_fsm.story.happened import event_words
from ivr_fsm.story.reasons import answer
from ivr_fsm.story.view import View

RECORDED = "recorded"
"""Given as ``--plan``: the plan that the call went by."""

DIFFERENT, IMPOSSIBLE = 1, 2
"""Exit statuses."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A call as it was written down: here, or elsewhere and exported."""

    call: CallEntry
    steps: Sequence[StepEntry]
    plan: Plan | None
    """What it went by; None if that is not known, or nothing that today's version can read."""


def replay_command(
    call: Annotated[
        str,
        typer.Argument(metavar="[ID|FILE]", help="A call's id, how it begins, last; or an exported file."),
    ] = "",
    plan: Annotated[
        str,
        typer.Option(
            metavar="FILE",
            help="The plan to replay with, or: recorded. When not given: IVR_PLAN, else recorded.",
        ),
    ] = "",
    since: Annotated[
        str, typer.Option(metavar="30d", help="All calls since then: what would the plan have changed?")
    ] = "",
    journal: JournalOption = "",
) -> None:
    """Replay a call through today's flow. Status: 0 the same, 1 a difference, 2 it cannot be replayed."""
    if bool(call) == bool(since):
        fail("give either one call (an id or a file) or --since 30d, and not both")
    if since:
        _replay_all(since, plan, journal)
        return
    view = view_of()
    recorded = _read(call, journal, view)
    today, with_plan = _plan(plan, recorded)
    done = replay(recorded.steps, today)
    raise typer.Exit(_tell(screen(), recorded, done, today, with_plan, view=view))


def _replay_all(since: str, plan: str, journal: str) -> None:
    if plan == RECORDED:
        fail("--since asks what another plan would change: give its file with --plan")
    from ivr_fsm.cli.effect import effect

    effect(since, Path(plan) if plan else None, journal)


def _read(name: str, journal: str, view: View) -> Recorded:
    if (file := Path(name)).suffix == ".json" or file.is_file():
        try:
            read = read_file(file)
        except FileError as error:
            fail(f"{file}: {error}")
        except OSError as error:
            fail(f"{file}: {error.strerror}")
        return Recorded(read.call, read.steps, read.plan)
    with opened(journal) as reader:
        call = chosen(reader, name, view, datetime.now(UTC))
        if call.refused:
            fail(f"the call was refused ({call.refused}): there is nothing to replay")
        return Recorded(call, reader.steps(call.key), reader.plan(call.plan))


def _plan(given: str, recorded: Recorded) -> tuple[Plan, str]:
    """Return the plan to replay with, and what to call it."""
    if given == RECORDED:
        if recorded.plan is None:
            fail(f"the plan {recorded.call.plan} that the call went by is not there, or not one of today's")
        return recorded.plan, "the recorded plan"
    file = Path(given) if given else read_settings().plan
    if file is None and recorded.plan is not None:
        return recorded.plan, "the recorded plan; IVR_PLAN or --plan names another"
    if file is None:
        return Plan(), "the default plan, which has no phones; IVR_PLAN or --plan names another"
    try:
        return load_plan(file), str(file)
    except PlanError as error:
        fail(str(error))


def _tell(
    console: Console, recorded: Recorded, done: Replay, today: Plan, with_plan: str, *, view: View
) -> int:
    """Print what came of it and return the exit status."""
    call = recorded.call

    def line(text: str = "", style: str = "") -> None:
        console.print(Text(view.safe(text), style=style), width=min(console.width, WIDTH))

    for name, then, now in (("flow", call.flow, flow_revision()), ("plan", call.plan, plan_revision(today))):
        other = "the same now" if then == now else f"now {now}"
        line(f"{name} {then} then, {other}" + (f" ({with_plan})" if name == "plan" else ""), "dim")
    if done.stopped:
        line(f"cannot be replayed: {done.stopped}", "bold red")
        return IMPOSSIBLE
    if done.difference is None:
        still_on = " so far: the call is still on" if call.status == "live" else ""
        line(f"the same: {len(done.steps)} steps{still_on}", "bold green")
        return 0
    for text, style in _difference(recorded, done.difference, view):
        line(text, style)
    line()
    for text in _cause(recorded, done.difference, today):
        line(text, "yellow")
    return DIFFERENT


def _difference(recorded: Recorded, found: Difference, view: View) -> Iterator[tuple[str, str]]:
    # The same leg's id may stand for another phone now.
    step, fired, legs_then, legs_now = found.recorded, None, Legs(view), Legs(view)
    for entry, changes in follow(recorded.steps[: step.number]):
        legs_then.note(entry.commands)
        legs_now.note(entry.commands if entry is not step else ())
        fired = changes.fired
    legs_now.note(encode_step(found.today).get("commands", ()))
    seconds = (step.at - recorded.call.started).total_seconds()
    yield (
        f"different at step {step.number} of {len(recorded.steps)}, {seconds:.1f} s into the call",
        "bold red",
    )
    yield f"  {event_words(step, view, fired)}", "bold"
    if (step.before, step.after) != (found.today.before, found.today.after):
        yield f"  then       {step.before} → {step.after}", ""
        yield f"  now        {found.today.before} → {found.today.after}", "bold"
    else:
        yield f"  in         {step.before}" + (f" → {step.after}" if step.moved else ""), ""
    then, now = ({each.guard: each for each in of.judged} for of in (step, found.today))
    for guard, _, _ in found.guards:
        for verb, judged in (("then", then.get(guard)), ("now ", now.get(guard))):
            yield f"  asked {verb}  {answer(judged, view).text if judged else 'not asked'}", ""
    for verb, fault in (("then", step.fault), ("now ", found.today.fault)):
        if fault:
            yield f"  fault {verb}  {fault}", "red"
    sides = (("only then", found.missing, legs_then), ("only now ", found.added, legs_now))
    for verb, commands, legs in sides:
        for command in commands:
            yield f"  {verb}  {legs.words([command])}{_details(command)}", ""
    if not (found.missing or found.added):
        yield "  the same commands, in another order", ""


def _details(command: dict[str, Any]) -> str:
    """Return what the words of a command leave out, where two may differ in nothing else."""
    limits = [f"{name} {command[name]}" for name in ("ring_limit", "park_limit", "cause") if name in command]
    return f" ({', '.join(limits)})" if limits else ""


def _cause(recorded: Recorded, found: Difference, today: Plan) -> Iterator[str]:
    """Say whether the plan or the flow is the cause, by replaying with the plan that the call went by."""
    flow_changed = recorded.call.flow != flow_revision()
    if recorded.plan is None:
        changed = "the flow has changed as well" if flow_changed else "the flow is the same"
        yield f"The plan that the call went by is not known, so its part in this cannot be told; {changed}."
        return
    before = replay(recorded.steps, recorded.plan)
    changes = plan_changes(recorded.plan, today)
    if before.same:
        yield "The plan is the cause: with the one that the call went by, every step is the same. Changed:"
        yield from (f"  {change}" for change in changes)
        return
    earlier = before.difference is None or before.difference.recorded.number != found.recorded.number
    at = f" (at step {before.difference.recorded.number})" if before.difference and earlier else ""
    if flow_changed:
        yield f"The flow is the cause: with the plan that the call went by, there is a difference too{at}."
    else:
        yield (
            f"Neither the flow's source nor the plan explains it{at}: the revision is the same. "
            "Was the journal changed, or a library that the flow uses?"
        )
    if changes:
        yield "The plan has changed as well, in:"
        yield from (f"  {change}" for change in changes)
