"""The statechart as SVG: where its states stand is decided here by hand, all else comes from the chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from math import hypot
from types import MappingProxyType
from typing import Protocol

WIDTH, HEIGHT = 1760, 1100
LINE = 13
"""Height of a line of a label."""


@dataclass(frozen=True, slots=True)
class Box:
    """A state: its centre and its size, in pixels."""

    x: float
    y: float
    w: float = 170
    h: float = 52

    def edge(self, to: tuple[float, float]) -> tuple[float, float]:
        """Return where the line from the centre to *to* leaves the box."""
        dx, dy = to[0] - self.x, to[1] - self.y
        scale = min(
            self.w / 2 / abs(dx) if dx else float("inf"), self.h / 2 / abs(dy) if dy else float("inf")
        )
        return self.x + dx * scale, self.y + dy * scale


@dataclass(frozen=True, slots=True)
class Curve:
    """How an arrow runs.

    *bend* is how far its middle is pushed aside, in pixels (downwards it is to the right); *label* is where
    its label sits, from 0 to 1; *port* is where it touches the state that holds others.
    """

    bend: float = 0
    label: float = 0.5
    port: tuple[float, float] | None = None


PLACES: dict[str, Box] = {
    "live": Box(825, 555, 1210, 1050),
    "dialing": Box(740, 645, 300, 800),
    "arriving": Box(60, 110, 90),
    "identifying": Box(340, 110),
    "greeting": Box(340, 330),
    "menu": Box(340, 740),
    "dialing_shop": Box(740, 330),
    "dialing_office": Box(740, 560),
    "dialing_call_centre": Box(740, 800),
    "calling_back": Box(340, 980),
    "dialing_customer": Box(740, 980),
    "partner_notice": Box(1220, 110),
    "announcing": Box(1220, 270),
    "connected": Box(1220, 500),
    "transferring": Box(1220, 710),
    "unanswered": Box(1220, 890),
    "releasing": Box(1660, 500, 150),
    "ended": Box(1660, 890, 150),
}
CURVES: dict[tuple[str, str], Curve] = {
    ("arriving", "live"): Curve(label=0.42, port=(220, 110)),
    ("arriving", "calling_back"): Curve(-110, 0.5),
    ("dialing_office", "dialing_call_centre"): Curve(-22, 0.35),
    ("dialing_call_centre", "dialing_office"): Curve(-22, 0.35),
    ("partner_notice", "dialing_office"): Curve(-30, 0.3),
    ("partner_notice", "dialing_call_centre"): Curve(-60, 0.36),
    ("live", "releasing"): Curve(label=0.4, port=(1430, 620)),
    ("live", "ended"): Curve(label=0.42, port=(1430, 890)),
    ("greeting", "dialing_office"): Curve(label=0.42),
    ("greeting", "dialing_call_centre"): Curve(label=0.38),
    ("menu", "dialing_shop"): Curve(label=0.7),
    ("menu", "dialing_office"): Curve(label=0.55),
    ("menu", "dialing_call_centre"): Curve(label=0.45),
    ("dialing_shop", "dialing_call_centre"): Curve(-120, 0.34),
    ("dialing", "announcing"): Curve(port=(890, 270)),
    ("dialing", "connected"): Curve(port=(890, 440), label=0.62),
    ("announcing", "dialing_office"): Curve(20, 0.35),
    ("announcing", "dialing_call_centre"): Curve(-15, 0.62),
    ("announcing", "connected"): Curve(-30),
    ("announcing", "unanswered"): Curve(185, 0.36),
    ("connected", "dialing_office"): Curve(label=0.45),
    ("connected", "dialing_call_centre"): Curve(-20, 0.45),
    ("connected", "unanswered"): Curve(120, 0.6),
    ("connected", "transferring"): Curve(-40),
    ("transferring", "connected"): Curve(-40),
    ("transferring", "announcing"): Curve(-130, 0.78),
    ("connected", "releasing"): Curve(label=0.75),
    ("unanswered", "releasing"): Curve(-70, 0.6),
    ("partner_notice", "releasing"): Curve(label=0.6),
}
COLOURS = ("#1f5fa8", "#a8431f", "#2b7a3d", "#7a2b78", "#8a6d00", "#00727a", "#a81f4f", "#4a4a9c", "#555555")


class Drawable(Protocol):
    """What is drawn: see `ivr_fsm.flow.diagram.Chart`."""

    @property
    def inside(self) -> Mapping[str, Sequence[str]]:
        """Every state with those inside it."""

    def events(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """The events that lead from one state to another."""


def draw(chart: Drawable) -> str:
    """Return the SVG of *chart*.

    Raises:
        KeyError: a state of the chart has no place here.
    """
    colours = {state: COLOURS[index % len(COLOURS)] for index, state in enumerate(chart.inside)}
    arrows, labels = [], []
    for (source, target), events in chart.events().items():
        arrow, label = _arrow(source, target, events, colours[source])
        arrows.append(arrow)
        labels.append(label)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f"font-family=\"system-ui, 'DejaVu Sans', sans-serif\">",
        *_heads(sorted(set(colours.values()))),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(
            _box(state, colours[state], holds=bool(inside))
            for state, inside in chart.inside.items()
            if inside
        ),
        *arrows,
        *(_box(state, colours[state], holds=False) for state, inside in chart.inside.items() if not inside),
        *labels,
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _heads(colours: Sequence[str]) -> Iterator[str]:
    yield "<defs>"
    for colour in colours:
        yield (
            f'<marker id="head-{colour[1:]}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" '
            f'markerHeight="8" orient="auto"><path d="M0,1 L10,5 L0,9 z" fill="{colour}"/></marker>'
        )
    yield "</defs>"


def _box(state: str, colour: str, *, holds: bool) -> str:
    box = PLACES[state]
    fill, text_y = ("#f7f8fa", box.y - box.h / 2 + 22) if holds else ("white", box.y + 5)
    return (
        f'<rect x="{box.x - box.w / 2:g}" y="{box.y - box.h / 2:g}" width="{box.w:g}" height="{box.h:g}" '
        f'rx="12" fill="{fill}" stroke="{colour}" stroke-width="{1 if holds else 2}"/>'
        f'<text x="{box.x:g}" y="{text_y:g}" text-anchor="middle" font-size="15" '
        f'font-weight="600" fill="{colour}">{escape(state.replace("_", " "))}</text>'
    )


@dataclass(frozen=True, slots=True)
class Route:
    """How an arrow runs: its path in SVG's words, and where its label is."""

    path: str
    x: float
    y: float


def route(source: str, target: str, heights: Mapping[str, float] = MappingProxyType({})) -> Route:
    """Return how the arrow from one state to another runs.

    Args:
        source: where it begins.
        target: where it ends.
        heights: of the boxes that are higher than they are here.

    Raises:
        KeyError: a state has no place here.
    """
    start, end = (replace(PLACES[state], h=heights.get(state, PLACES[state].h)) for state in (source, target))
    curve = CURVES.get((source, target), Curve())
    if curve.port:
        port = Box(*curve.port, 1, 1)
        start, end = (port, end) if start.w > end.w else (start, port)
    dx, dy = end.x - start.x, end.y - start.y
    length = hypot(dx, dy)
    control = (
        (start.x + end.x) / 2 + 2 * curve.bend * dy / length,
        (start.y + end.y) / 2 - 2 * curve.bend * dx / length,
    )
    (x1, y1), (x2, y2) = start.edge(control), end.edge(control)
    t = curve.label
    x = (1 - t) ** 2 * x1 + 2 * t * (1 - t) * control[0] + t**2 * x2
    y = (1 - t) ** 2 * y1 + 2 * t * (1 - t) * control[1] + t**2 * y2
    return Route(f"M{x1:.1f},{y1:.1f} Q{control[0]:.1f},{control[1]:.1f} {x2:.1f},{y2:.1f}", x, y)


def _arrow(source: str, target: str, events: Sequence[str], colour: str) -> tuple[str, str]:
    way = route(source, target)
    path = (
        f'<path d="{way.path}" fill="none" '
        f'stroke="{colour}" stroke-width="1.5" marker-end="url(#head-{colour[1:]})"/>'
    )
    return path, _label(way.x, way.y, events, colour)


def _label(x: float, y: float, lines: Sequence[str], colour: str) -> str:
    width, height = max(map(len, lines)) * 6.2 + 8, len(lines) * LINE + 4
    first = y - height / 2 + LINE - 1
    spans = "".join(
        f'<tspan x="{x:.1f}" y="{first + index * LINE:.1f}">{escape(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    return (
        f'<rect x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height}" '
        f'rx="3" fill="white" fill-opacity="0.88"/>'
        f'<text font-size="11.5" text-anchor="middle" fill="{colour}">{spans}</text>'
    )
