"""The lanes of a call as SVG. Colours and fonts come from the page's style sheet, by classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ivr_fsm.story.names import cause_words
from ivr_fsm.web.inspector.lanes import Bar, Lane, Lanes, Mark
from ivr_fsm.web.inspector.scale import Scale, scale
from ivr_fsm.web.inspector.showing import Showing
from ivr_fsm.web.inspector.waveform import Loudness

WIDTH = 1200
"""How wide the picture is, in its own units; the page stretches it."""

LABELS, MARGIN = 190, 14
ROW, BAR, TOP = 38, 20, 30
WAVE = 30
COLUMN = 2.0
"""How wide a column of the waveform is."""

_LETTER = 7.4
"""How wide a letter is at most, at the size that the style sheet gives to what stands in bars."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What the page shows: the drawing, and how a player's place in the recording becomes a place in it.

    Attributes:
        svg: the drawing.
        scale: the seconds and places between which it is even.
        recorded: the second in which the recording begins; None: there is none to listen to.
        folds: how many stretches are folded.
    """

    svg: str
    scale: Sequence[tuple[float, float]]
    recorded: float | None
    folds: int


def columns(lanes: Lanes, scaled: Scale) -> list[tuple[float, float]]:
    """Return the stretches of the recording that its waveform's columns stand for, in its own seconds."""
    if lanes.recorded is None:
        return []
    first, last = scaled.x(lanes.recorded), scaled.x(lanes.length)
    count = max(1, int((last - first) / COLUMN))
    edges = [scaled.second(first + index * COLUMN) - lanes.recorded for index in range(count + 1)]
    return list(pairwise(edges))


def scale_of(lanes: Lanes, *, folded: bool) -> Scale:
    """Return the scale on which *lanes* are drawn."""
    return scale(lanes.moments, LABELS, WIDTH - LABELS - MARGIN, folded=folded)


def draw(lanes: Lanes, scaled: Scale, show: Showing, titles: Sequence[str], loud: Loudness) -> Picture:
    """Return the picture of a call.

    Args:
        lanes: the call.
        scaled: where its seconds are.
        show: in whose words.
        titles: what stands before each leg's lane: whose phone it is.
        loud: how loud the recording is in each of `columns`; empty: there is nothing to hear.
    """
    drawing = _Drawing(lanes, scaled, show)
    parts = list(drawing.parts(titles, loud))
    height = drawing.height(waves=bool(loud))
    svg = "\n".join(
        [
            f'<svg class="lanes" viewBox="0 0 {WIDTH} {height}" role="group" '
            f'aria-label="{escape(show.w("lanes.label"))}" xmlns="http://www.w3.org/2000/svg">',
            *parts,
            f'<line class="playhead" x1="0" x2="0" y1="0" y2="{height - 18}" visibility="hidden"/>',
            "</svg>",
        ]
    )
    return Picture(svg, scaled.points, lanes.recorded if loud else None, len(scaled.folds))


class _Drawing:
    def __init__(self, lanes: Lanes, scaled: Scale, show: Showing) -> None:
        self._lanes = lanes
        self._scale = scaled
        self._show = show

    def height(self, *, waves: bool) -> int:
        rows = 1 + len(self._lanes.legs)
        return TOP + rows * ROW + (2 * WAVE + 8 if waves else 0) + 26

    def parts(self, titles: Sequence[str], loud: Loudness) -> Iterator[str]:
        bottom = self.height(waves=bool(loud)) - 22
        yield from self._folds(bottom)
        yield from self._axis(bottom)
        for bar in self._lanes.states:
            yield self._bar(bar, 2, 20, bar.name, "state")
        y = TOP
        yield from self._lane(self._lanes.caller, y, self._show.w("lanes.caller"))
        y += ROW
        if loud:
            for channel, who in zip(loud, ("caller", "callee"), strict=False):
                yield from self._wave(channel, y, self._show.w(f"lanes.wave_{who}"))
                y += WAVE
            y += 8
        for lane, title in zip(self._lanes.legs, titles, strict=True):
            yield from self._lane(lane, y, title)
            y += ROW

    def _axis(self, bottom: int) -> Iterator[str]:
        for at in self._scale.ticks():
            x = self._scale.x(at)
            yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="24" y2="{bottom}"/>'
            yield f'<text class="axis" x="{x:.1f}" y="{bottom + 16}">{_clock(at)}</text>'

    def _folds(self, bottom: int) -> Iterator[str]:
        for fold in self._scale.folds:
            x0, x1 = self._scale.x(fold.begin), self._scale.x(fold.end)
            lasts = self._show.w("lanes.fold", seconds=f"{fold.end - fold.begin:.0f}")
            yield (
                f'<rect class="fold" x="{x0:.1f}" y="24" width="{x1 - x0:.1f}" height="{bottom - 24}"/>'
                f'<text class="fold" x="{(x0 + x1) / 2:.1f}" y="{bottom - 4}">{escape(lasts)}</text>'
            )

    def _lane(self, lane: Lane, y: int, title: str) -> Iterator[str]:
        yield f'<line class="rule" x1="0" x2="{WIDTH}" y1="{y + ROW - 2}" y2="{y + ROW - 2}"/>'
        shown = title if len(title) * 7 < LABELS else title[: LABELS // 7 - 1] + "…"
        yield f'<text class="lane" x="0" y="{y + 24}"><title>{escape(title)}</title>{escape(shown)}</text>'
        for bar in lane.bars:
            says = bar.name if bar.kind == "prompt" else self._show.w(f"lanes.{bar.kind}")
            yield self._bar(bar, y + 8, BAR, says, bar.kind)
        for mark in lane.marks:
            yield self._mark(mark, y + 18, released=lane.released)

    def _bar(self, bar: Bar, y: int, height: int, says: str, kind: str) -> str:
        x0, x1 = self._scale.x(bar.begin), self._scale.x(bar.end)
        wide = max(x1 - x0, 1.5)
        if bar.kind == "state":
            says = self._show.state(bar.name)
        text = ""
        if (fits := int((wide - 6) / _LETTER)) >= min(len(says), 4):
            cut = says if len(says) <= fits else says[: fits - 1] + "…"
            text = f'<text x="{x0 + 4:.1f}" y="{y + height - 6}">{escape(cut)}</text>'
        what = f"{says}, {_clock(bar.begin)}–{_clock(bar.end)}"
        if bar.cut:
            what += f" ({self._show.w('lanes.cut')})"
        return (
            f'<a class="bar {escape(kind)}{" cut" if bar.cut else ""}" href="#s{bar.step}" tabindex="-1">'
            f"<title>{escape(what)}</title>"
            f'<rect x="{x0:.1f}" y="{y}" width="{wide:.1f}" height="{height}" rx="3"/>{text}</a>'
        )

    def _mark(self, mark: Mark, y: int, *, released: bool) -> str:
        x = self._scale.x(mark.at)
        name, shape = mark.name, ""
        match mark.kind:
            case "digit":
                shape = (
                    f'<circle cx="{x:.1f}" cy="{y - 10}" r="8"/>'
                    f'<text x="{x:.1f}" y="{y - 6}">{escape(name)}</text>'
                )
            case "end":
                name = self._show.w("lanes.let_go") if released else cause_words(name, self._show.view)
                shape = f'<path d="M{x - 5:.1f},{y - 5} l10,10 m0,-10 l-10,10"/>'
            case "timer":
                name = self._show.view.either("timers", name)
                shape = f'<path d="M{x:.1f},{y - 14} l5,-7 h-10 z"/>'
            case _:
                shape = f'<path d="M{x:.1f},{y - 9} l8,15 h-16 z"/><text x="{x:.1f}" y="{y + 4}">!</text>'
        says = self._show.w(f"marks.{mark.kind}", name=name)
        gone = " released" if released and mark.kind == "end" else ""
        return (
            f'<a class="mark {mark.kind}{gone}" href="#s{mark.step}" tabindex="-1">'
            f"<title>{escape(says)}, {_clock(mark.at)}</title>{shape}</a>"
        )

    def _wave(self, loud: Sequence[float], y: int, title: str) -> Iterator[str]:
        assert self._lanes.recorded is not None
        first, middle = self._scale.x(self._lanes.recorded), y + WAVE / 2
        yield f'<text class="wave" x="0" y="{middle + 4:.1f}">{escape(title)}</text>'
        high = [max(each**0.6 * (WAVE / 2 - 1), 0.5) for each in loud]
        above = [f"{first + i * COLUMN:.1f},{middle - each:.1f}" for i, each in enumerate(high)]
        below = [f"{first + i * COLUMN:.1f},{middle + each:.1f}" for i, each in enumerate(high)]
        yield f'<polygon class="wave" points="{" ".join([*above, *reversed(below)])}"/>'


def _clock(at: float) -> str:
    """Return seconds as people read them: ``7.5``, ``1:07``."""
    if at < 60:
        return f"{at:.1f}".removesuffix(".0")
    minutes, seconds = divmod(round(at), 60)
    return f"{minutes}:{seconds:02}"
