"""Where calls spend their time, which ways they take, and where their callers hang up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from ivr_fsm.journal.reader import Reader, Wanted

MOST = 5000
"""So many calls are looked at, the newest."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What calls did in a state.

    Attributes:
        visits: how often it was entered and left.
        median, ninth: how long a visit lasts: half of them longer; one of ten longer.
        total: all visits together.
        abandoned: how many callers hung up in it.
    """

    visits: int = 0
    median: timedelta = timedelta()
    ninth: timedelta = timedelta()
    total: timedelta = timedelta()
    abandoned: int = 0


@dataclass(frozen=True, slots=True)
class Statistics:
    """Figures of the calls of a period.

    Attributes:
        calls: how many there were.
        counted: how many of them were looked at.
        states: by state.
        moves: how often calls went from one state to another.
    """

    calls: int
    counted: int
    states: dict[str, Spent] = field(default_factory=dict)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)


def statistics(reader: Reader, since: datetime | None) -> Statistics:
    """Return the figures of the calls that began at *since* or later and are over."""
    wanted = Wanted(live=False, since=since)
    calls = dict(reader.outcomes(wanted, MOST))
    if not calls:
        return Statistics(0, 0)
    count = len(calls)
    if count == MOST:
        count = reader.count(wanted) - reader.count(replace(wanted, outcome="refused"))
    lasted, moves = _visits(reader, calls)
    abandoned = Counter(
        outcome.partition(":")[2] for outcome in calls.values() if outcome.startswith("abandoned:")
    )
    states = {state: _spent(lasted[state], abandoned[state]) for state in lasted.keys() | abandoned.keys()}
    return Statistics(count, len(calls), states, moves)


def _visits(
    reader: Reader, keys: Collection[int]
) -> tuple[defaultdict[str, list[float]], Counter[tuple[str, str]]]:
    """Return how long each visit of each state lasted, in seconds, and the moves."""
    lasted: defaultdict[str, list[float]] = defaultdict(list)
    moves: Counter[tuple[str, str]] = Counter()
    found = [move for move in reader.moves(min(keys), max(keys)) if move[0] in keys]
    moves.update((before, after) for _, _, before, after in found)
    for (key, entered, _, state), (next_key, left, before, _) in pairwise(found):
        if key == next_key and before == state:
            lasted[state].append(max(left - entered, 0.0))
    return lasted, moves


def _spent(seconds: list[float], abandoned: int) -> Spent:
    if not seconds:
        return Spent(abandoned=abandoned)
    seconds.sort()
    ninth = seconds[min(len(seconds) - 1, len(seconds) * 9 // 10)]
    half, longer, total = (timedelta(seconds=each) for each in (median(seconds), ninth, sum(seconds)))
    return Spent(len(seconds), half, longer, total, abandoned)
