"""The page of the flow: its diagram with the plan's numbers, and with what calls did in a period."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ivr_fsm.flow.diagram import chart as the_chart
from ivr_fsm.flow.plan import CallingBack, Identifying, Mark, Menu, Notice, Office, Plan, Timeline
from ivr_fsm.web.inspector import chart
from ivr_fsm.web.inspector.archive import Archive
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.statistics import Spent, Statistics, statistics
from ivr_fsm.web.inspector.templates import render

PERIODS: dict[str, timedelta | None] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "all": None,
}
_PASSED_BY = ("arriving", "ended", "releasing")
"""States in which a call spends no time that says anything."""


@dataclass(frozen=True, slots=True)
class StateRow:
    """What the table tells of a state."""

    state: str
    numbers: list[str]
    spent: Spent
    share: str


def page(archive: Archive, look: Look, query: Mapping[str, str]) -> str:
    """Return the page; ``period`` of *query* is one of `PERIODS`."""
    show = Showing(look, archive.zone)
    given = query.get("period", "")
    # Where there was no call for a week, old ones are better than none.
    for period in [given] if given in PERIODS else ["week", "all"]:
        lasts = PERIODS[period]
        since = datetime.now(UTC) - lasts if lasts else None
        found = statistics(archive.reader, since)
        if found.counted:
            break
    revision = archive.today
    plan = archive.plan(revision) or Plan()
    states = [state for state, inside in the_chart().inside.items() if not inside and state not in _PASSED_BY]
    rows = [
        StateRow(
            state,
            numbers(show, plan, state),
            found.states.get(state, Spent()),
            _share(found.states.get(state, Spent()).abandoned, found.counted),
        )
        for state in states
    ]
    overlay = _overlay(show, plan, rows, found)
    return render(
        "flow.html",
        show=show,
        look=look,
        up="",
        period=period,
        since=f"{show.local(since):%Y-%m-%d}" if since else "",
        periods=list(PERIODS),
        found=found,
        revision=revision,
        rows=rows,
        chart=chart.draw(overlay, show.words, show.w("flow.label")),
    )


def numbers(show: Showing, plan: Plan, state: str) -> list[str]:
    """Return what the plan says of a state, in words."""
    part = getattr(plan, state, None)
    match part:
        case Identifying():
            return [show.w("flow.limit", seconds=f"{part.limit:g}")]
        case Menu():
            facts = {"silence": f"{part.silence:g}", "repeats": str(part.repeats), "tries": str(part.tries)}
            return [show.w("flow.menu_numbers", prompt=part.prompt, **facts)]
        case Office():
            return [_timeline(show, part.from_menu), _timeline(show, part.otherwise)]
        case Timeline() if not isinstance(part, CallingBack):
            return [_timeline(show, part)]
        case Notice():
            return [f"{part.prompt}, {show.w('flow.limit', seconds=f'{part.limit:g}')}"]
    of_back = {
        "calling_back": plan.calling_back.prompt,
        "dialing_customer": _timeline(show, plan.calling_back),
    }
    return [of_back[state]] if state in of_back else []


def _timeline(show: Showing, timeline: Timeline) -> str:
    plays = ", ".join(_mark(show, each) for each in timeline.plays)
    gives_up = show.w("flow.gives_up", seconds=f"{timeline.gives_up:g}")
    return f"{plays} · {gives_up}" if plays else gives_up


def _mark(show: Showing, mark: Mark) -> str:
    if mark.every is None:
        return str(mark)
    first = str(mark.model_copy(update={"every": None}))
    return show.w("flow.every", first=first, seconds=f"{mark.every:g}")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if part and whole else ""


def _overlay(show: Showing, plan: Plan, rows: list[StateRow], found: Statistics) -> chart.Overlay:
    longest = max((row.spent.total for row in rows), default=timedelta()) or timedelta(seconds=1)
    counts: Counter[chart.Pair] = Counter()
    for move, count in found.moves.items():
        if (pair := chart.arrow(move)) is not None:
            counts[pair] += count
    return chart.Overlay(
        notes={row.state: list(_notes(show, plan, row)) for row in rows},
        heat={row.state: row.spent.total / longest for row in rows if row.spent.total},
        counts=counts,
    )


def _notes(show: Showing, plan: Plan, row: StateRow) -> Iterator[str]:
    """Return what stands in a state's box: the plan's limit, how long it takes, how many hung up."""
    if limits := _limits(plan, row.state):
        yield show.w("flow.note_limit", seconds="/".join(f"{each:g}" for each in limits))
    if row.spent.visits:
        yield show.w("flow.note_median", time=show.span(row.spent.median))
    if row.spent.abandoned:
        yield show.w("flow.note_abandoned", count=str(row.spent.abandoned))


def _limits(plan: Plan, state: str) -> list[float]:
    part = plan.calling_back if state == "dialing_customer" else getattr(plan, state, None)
    match part:
        case Office():
            return [part.from_menu.gives_up, part.otherwise.gives_up]
        case Menu():
            return [part.silence]
        case Timeline() if state != "calling_back":
            return [part.gives_up]
        case Identifying() | Notice():
            return [part.limit]
    return []
