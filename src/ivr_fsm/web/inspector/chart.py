"""The statechart on a page: with the way of one call lit and numbered, or with figures of many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from typing import Any

from ivr_fsm.flow.diagram import chart
from ivr_fsm.flow.drawing import HEIGHT, PLACES, WIDTH, Box, route
from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.watch.words import Words

Pair = tuple[str, str]

OUTERMOST = ("live", "dialing")
"""The states that hold others: they are drawn as areas, and are no place where a call is."""

_SHORT = (("arriving", "live"),)
"""Arrows that have no room for a label on one line."""


@dataclass(frozen=True, slots=True)
class Overlay:
    """What is drawn on the chart.

    Attributes:
        visits: the places of each state in the call's way: its first state is 1.
        lit: the arrows that the call took, each with the events that took it there, by the chart's names.
        present: where the call is now; empty: it is over, or this is of no call.
        notes: lines under a state's name.
        heat: how much a state stands out, from 0 to 1.
        counts: how many calls went along an arrow: the more, the thicker it is.
    """

    visits: Mapping[str, Sequence[int]] = field(default_factory=dict)
    lit: Mapping[Pair, Sequence[str]] = field(default_factory=dict)
    present: str = ""
    notes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    heat: Mapping[str, float] = field(default_factory=dict)
    counts: Mapping[Pair, int] = field(default_factory=dict)


def way(steps: Sequence[StepEntry], present: str = "") -> Overlay:
    """Return the way of a call as an overlay.

    Args:
        steps: its steps.
        present: where it is, if it is not over.
    """
    visits: dict[str, list[int]] = {}
    lit: dict[Pair, list[str]] = {}
    moves = [step for step in steps if step.moved]
    for number, step in enumerate(moves, 1):
        visits.setdefault(step.after, []).append(number)
        event = _event(step)
        if (pair := arrow((step.before, step.after), event)) is not None:
            lit.setdefault(pair, []).extend([] if event in lit.get(pair, []) else [event])
    return Overlay(visits, lit, present)


def _event(step: StepEntry) -> str:
    """Return what the chart calls the event of *step*."""
    event = step.body.get("event")
    said: Mapping[str, Any] = event if isinstance(event, Mapping) else {}
    match step.event:
        case "TimerFired":
            return (
                "silence_over" if dict(said.get("timer") or {}).get("name") == "silence" else "limit_reached"
            )
        case "LegDigitPressed":
            return "callee_pressed"
        case "CallArrived" if said.get("back"):
            return "call_back_arrived"
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in step.event).lstrip("_")


def arrow(move: Pair, event: str = "") -> Pair | None:
    """Return the arrow of the chart that a move goes along: an arrow of a state that holds others, too.

    Args:
        move: the states before and after.
        event: what moved the call, by the chart's name; empty: that is not known.

    Returns:
        None: today's flow has no such arrow, the call is of an older one.
    """
    pairs = the_events()
    found = [pair for pair in _candidates(move) if pair in pairs]
    return next((pair for pair in found if event.replace("_", " ") in pairs[pair]), next(iter(found), None))


@cache
def the_events() -> dict[Pair, list[str]]:
    """Return the arrows of today's flow, each with its events in words."""
    return chart().events()


def _candidates(move: Pair) -> Iterator[Pair]:
    """Return *move*, and the same from and into the states that hold its states."""
    flow = chart()
    holders = {child: state for state, children in flow.inside.items() for child in children}
    before: str | None = move[0]
    while before is not None:
        after: str | None = move[1]
        while after is not None:
            yield before, after
            # Whoever enters a state that holds others enters the first of them.
            after = holders.get(after) if flow.first.get(holders.get(after, "")) == after else None
        before = holders.get(before)


def draw(overlay: Overlay, words: Words, label: str) -> str:
    """Return the SVG of the statechart with *overlay*; *label* says what it shows to who cannot see it.

    Colours come from the page's style sheet. States of an older flow are left out.
    """
    flow = chart()
    pairs = the_events()
    dim = bool(overlay.visits)
    heights = {state: _height(state, overlay, words) for state in flow.inside if not flow.inside[state]}
    labels = (
        (_label(pair, _events(events, words), heights) for pair, events in overlay.lit.items())
        if dim
        else (_label(pair, [str(count)], heights) for pair, count in overlay.counts.items())
    )
    parts = [
        f'<svg class="chart{" way" if dim else ""}" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">',
        *_heads(),
        *(_area(state, words) for state in flow.inside if flow.inside[state]),
        *(
            _arrow(pair, overlay, _events(pairs[pair], words), heights)
            for pair in sorted(pairs, key=lambda pair: (pair in overlay.lit, overlay.counts.get(pair, 0)))
        ),
        *labels,
        *(_state(state, overlay, words, height) for state, height in heights.items()),
        "</svg>",
    ]
    return "\n".join(parts)


def _heads() -> Iterator[str]:
    for name in ("plain", "lit"):
        yield (
            f'<defs><marker id="head-{name}" class="head {name}" viewBox="0 0 10 10" refX="9" refY="5" '
            'markerUnits="userSpaceOnUse" markerWidth="14" markerHeight="14" orient="auto">'
            '<path d="M0,1 L10,5 L0,9 z"/></marker></defs>'
        )


def _area(state: str, words: Words) -> str:
    box = PLACES[state]
    return (
        f'<g class="area"><rect x="{box.x - box.w / 2:g}" y="{box.y - box.h / 2:g}" width="{box.w:g}" '
        f'height="{box.h:g}" rx="14"/><text x="{box.x + box.w / 2 - 14:g}" y="{box.y - box.h / 2 + 24:g}">'
        f"{escape(words.either('areas', state, state))}</text></g>"
    )


def _events(events: Sequence[str], words: Words) -> list[str]:
    return [words.either("events", event.replace(" ", "_"), event) for event in events]


def _arrow(pair: Pair, overlay: Overlay, events: Sequence[str], heights: Mapping[str, float]) -> str:
    lit, count = pair in overlay.lit, overlay.counts.get(pair, 0)
    share = count / max(overlay.counts.values(), default=1)
    width = f' stroke-width="{1.5 + 7 * share:.1f}"' if count else ""
    kind = "arrow lit" if lit else "arrow used" if count else "arrow"
    return (
        f'<path class="{kind}" d="{route(*pair, heights).path}"{width} '
        f'marker-end="url(#head-{"lit" if lit else "plain"})">'
        f"<title>{escape(', '.join(events))}</title></path>"
    )


def _label(pair: Pair, lines: Sequence[str], heights: Mapping[str, float]) -> str:
    at = route(*pair, heights)
    if pair in _SHORT:
        lines = [part for line in lines for part in _wrapped(line, 10)]
    width, height = max(map(len, lines)) * 7.6 + 10, len(lines) * 16 + 4
    spans = "".join(
        f'<tspan x="{at.x:.1f}" y="{at.y - height / 2 + 15 + 16 * index:.1f}">{escape(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    return (
        f'<g class="event"><rect x="{at.x - width / 2:.1f}" y="{at.y - height / 2:.1f}" width="{width:.1f}" '
        f'height="{height}" rx="4"/><text>{spans}</text></g>'
    )


def _state(state: str, overlay: Overlay, words: Words, height: float) -> str:
    box, visits = PLACES[state], overlay.visits.get(state, ())
    notes = overlay.notes.get(state, ())
    classes = ["node"]
    if visits:
        classes.append("visited")
    if state == overlay.present:
        classes.append("present")
    title = words.either("states", state, state)
    lines = [*_wrapped(title), *notes]
    shape = (
        f'x="{box.x - box.w / 2:g}" y="{box.y - height / 2:g}" width="{box.w:g}" height="{height:g}" rx="12"'
    )
    heat = overlay.heat.get(state, 0.0)
    glow = f'<rect class="heat" {shape} fill-opacity="{heat * 0.75:.2f}"/>' if heat else ""
    first = box.y - 10 * (len(lines) - 1) + 5
    titles = len(lines) - len(notes)
    texts = "".join(
        f'<text class="{"name" if index < titles else "note"}" x="{box.x:g}" y="{first + 20 * index:g}">'
        f"{escape(line)}</text>"
        for index, line in enumerate(lines)
    )
    badge = _badge(box, height, visits) if visits else ""
    return (
        f'<g class="{" ".join(classes)}"><title>{escape(title)}</title><rect class="box" {shape}/>'
        f"{glow}{texts}{badge}</g>"
    )


def _height(state: str, overlay: Overlay, words: Words) -> float:
    """Return how high the box of a state is: its name and its notes stand in it."""
    lines = len(_wrapped(words.either("states", state, state))) + len(overlay.notes.get(state, ()))
    return max(PLACES[state].h, 20 * lines + 14)


def _badge(box: Box, height: float, visits: Sequence[int]) -> str:
    said = ", ".join(map(str, visits)) if len(visits) <= 3 else f"{visits[0]}…{visits[-1]}"
    width = 12 + 9 * len(said)
    x, y = box.x - box.w / 2, box.y - height / 2
    return (
        f'<g class="badge"><rect x="{x - width / 2:.1f}" y="{y - 13:.1f}" width="{width}" height="26" '
        f'rx="13"/><text x="{x:.1f}" y="{y + 5:.1f}">{said}</text></g>'
    )


def _wrapped(title: str, width: int = 16) -> list[str]:
    """Return *title* in lines of *width* letters: so many of a state's name fit into its box."""
    lines: list[str] = []
    for word in title.split():
        if lines and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
