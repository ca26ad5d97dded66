"""Weekly opening hours in a time zone, written like ``"mon-fri 09:00-21:00"``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from zoneinfo import ZoneInfo

EXAMPLE = "mon-fri 09:00-21:00"

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LINE = re.compile(r"([a-z,-]+) +([0-9]{2}):([0-9]{2}) ?- ?([0-9]{2}):([0-9]{2})")
_DAY = 24 * 60
_WEEK = 7 * _DAY


class BadHours(ValueError):
    """Hours that cannot be understood; the message quotes every bad line and says why."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A weekly schedule on the wall clock of *zone*.

    *spans* are minutes since Monday 00:00, from the first open one up to the first closed one. They follow
    the wall clock, so when a clock change repeats an hour, both passes are open or both are closed.
    """

    zone: ZoneInfo
    spans: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, lines: Iterable[str], zone: str) -> Self:
        """Read a schedule.

        Args:
            lines: days and times: ``"mon-fri 09:00-21:00"``, ``"sat,sun 10:00-18:00"``. Days may run over the
                week's end (``fri-mon``), times over midnight (``20:00-02:00`` belongs to the day it starts
                on); a whole day is ``00:00-24:00``. Two lines for one day are a day with a break.
            zone: IANA name, ``Europe/Moscow``.

        Raises:
            BadHours: a line or the zone cannot be understood; all of them are named. Being a `ValueError`
                it may leave a pydantic validator as it is.
        """
        problems: list[str] = []
        spans: list[tuple[int, int]] = []
        for line in lines:
            try:
                spans.extend(_read_line(line))
            except BadHours as problem:
                problems.append(str(problem))
        try:
            known_zone = _read_zone(zone)
        except BadHours as problem:
            problems.append(str(problem))
        if problems:
            raise BadHours("; ".join(problems))
        return cls(known_zone, tuple(sorted(spans)))

    def is_open(self, at: datetime) -> bool:
        """Say whether the schedule is open at *at*.

        Raises:
            ValueError: *at* has no time zone.
        """
        if at.tzinfo is None:
            raise ValueError("opening hours need a time with a time zone")
        local = at.astimezone(self.zone)
        minute = local.weekday() * _DAY + local.hour * 60 + local.minute
        return any(start <= minute < end for start, end in self.spans)

    @property
    def never_open(self) -> str:
        """What is wrong with a schedule that is never open, with the remedy; empty when it opens at all."""
        return "" if self.spans else f'there are no hours in it, so it is never open: write "{EXAMPLE}"'


def _read_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise BadHours(f"{name[:40]!r} is not a time zone: write one like Europe/Moscow") from error


def _read_line(line: str) -> list[tuple[int, int]]:
    read = _LINE.fullmatch(line.strip().lower())
    if read is None:
        raise BadHours(f'{line[:60]!r} is not like "{EXAMPLE}"')
    days, *clock = read.groups()
    start_hour, start_minute, end_hour, end_minute = map(int, clock)
    if start_minute > 59 or end_minute > 59 or start_hour > 23 or end_hour * 60 + end_minute > _DAY:
        raise BadHours(f"{line[:60]!r}: times go from 00:00 to 24:00")
    start, end = start_hour * 60 + start_minute, end_hour * 60 + end_minute
    if start == end:
        raise BadHours(f"{line[:60]!r} opens and closes at the same minute: a whole day is 00:00-24:00")
    if end < start:
        end += _DAY
    return [
        span for day in _read_days(days, line) for span in _within_week(day * _DAY + start, day * _DAY + end)
    ]


def _read_days(text: str, line: str) -> list[int]:
    days: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        for day in (first, last) if dash else (first,):
            if day not in _DAYS:
                raise BadHours(f"{line[:60]!r}: {day!r} is not a day: {' '.join(_DAYS)}")
        start = _DAYS.index(first)
        length = (_DAYS.index(last) - start) % 7 if dash else 0
        days.extend((start + step) % 7 for step in range(length + 1))
    return days


def _within_week(start: int, end: int) -> list[tuple[int, int]]:
    """Return the span, or its two parts when it runs from Sunday into Monday."""
    return [(start, end)] if end <= _WEEK else [(start, _WEEK), (0, end - _WEEK)]
