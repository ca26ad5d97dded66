"""From seconds to places on a page: long stretches in which nothing happens are folded."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

FOLDED_FROM = 8.0
"""Seconds without anything new that are folded, if that is wanted."""

FOLDED_TO = 2.5
"""They are drawn as wide as so many seconds."""

EDGE = 0.75
"""Seconds at both ends of such a stretch that stay as they are."""


@dataclass(frozen=True, slots=True)
class Fold:
    """A stretch that is drawn short: *begin* and *end* in seconds."""

    begin: float
    end: float


@dataclass(slots=True)
class Scale:
    """Maps seconds to x. Between two of *points* (seconds, x) it is even."""

    points: list[tuple[float, float]]
    folds: list[Fold] = field(default_factory=list)

    def x(self, at: float) -> float:
        """Return where second *at* is."""
        index = min(max(bisect_right(self.points, (at, float("inf"))), 1), len(self.points) - 1)
        (t0, x0), (t1, x1) = self.points[index - 1], self.points[index]
        return x0 if t1 <= t0 else x0 + (min(max(at, t0), t1) - t0) * (x1 - x0) / (t1 - t0)

    def second(self, x: float) -> float:
        """Return which second is at *x*."""
        xs = [place for _, place in self.points]
        index = min(max(bisect_right(xs, x), 1), len(xs) - 1)
        (t0, x0), (t1, x1) = self.points[index - 1], self.points[index]
        return t0 if x1 <= x0 else t0 + (min(max(x, x0), x1) - x0) * (t1 - t0) / (x1 - x0)

    def ticks(self) -> list[float]:
        """Return round seconds, about ten, none inside a fold."""
        shown = sum(t1 - t0 for (t0, _), (t1, _) in pairwise(self.points))
        shown -= sum(fold.end - fold.begin for fold in self.folds)
        apart = next((each for each in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600) if shown / each <= 12), 1800)
        last = self.points[-1][0]
        every = [float(second) for second in range(0, int(last) + 1, apart)]
        return [at for at in every if not any(fold.begin < at < fold.end for fold in self.folds)]


def scale(moments: Sequence[float], left: float, width: float, *, folded: bool) -> Scale:
    """Return the scale of a call.

    Args:
        moments: every second at which something is new, in order; the last is the end.
        left, width: where it begins, and how wide it is.
        folded: long stretches without anything new are drawn short.
    """
    length = moments[-1] if moments else 0.0
    folds = [
        Fold(begin + EDGE, end - EDGE)
        for begin, end in pairwise(moments)
        if folded and end - begin > FOLDED_FROM
    ]
    shown = length - sum(fold.end - fold.begin - FOLDED_TO for fold in folds)
    each = width / shown if shown else 0.0
    points, at, x = [(0.0, left)], 0.0, left
    for fold in folds:
        x += (fold.begin - at) * each
        points.append((fold.begin, x))
        x += FOLDED_TO * each
        points.append((fold.end, x))
        at = fold.end
    points.append((max(length, at + 1e-9), left + width))
    return Scale(points, folds)
