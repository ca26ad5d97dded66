"""The effect of a plan on recorded calls: each modelled with the plan it had, and with another one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.reader import Reader, Wanted
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.journal.whatif.agenda import SLACK
from ivr_fsm.journal.whatif.lengths import Lengths
from ivr_fsm.journal.whatif.model import Course, course
from ivr_fsm.journal.whatif.reactions import NotModelled, Reactions
from ivr_fsm.journal.whatif.reading import reactions


class Verdict(Enum):
    """What a changed plan does to a call."""

    SAME = "the same way"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown from some point on"


@dataclass(frozen=True, slots=True)
class Compared:
    """A call, modelled as it was and as it would be."""

    call: CallEntry
    then: Course
    now: Course

    @property
    def verdict(self) -> Verdict:
        """Whether it goes another way: other states, another outcome, or another phone that answers."""
        if self.now.unknown:
            return Verdict.UNKNOWN
        return Verdict.SAME if _way(self.then) == _way(self.now) else Verdict.ELSEWHERE

    @property
    def later(self) -> float | None:
        """Seconds by which somebody answers later, if somebody does then and now."""
        if self.then.waited is None or self.now.waited is None:
            return None
        return self.now.waited - self.then.waited

    @property
    def at_another_time(self) -> bool:
        """Whether somebody answers earlier or later, by more than nobody notices."""
        return self.later is not None and abs(self.later) > SLACK


@dataclass(slots=True)
class Effect:
    """What comes of a plan.

    Attributes:
        calls: the calls that could be modelled, the newest first.
        aside: those that could not, by the reason.
        older: how many of the modelled ones were recorded by another version of the flow.
        plans: the plans that calls went by, with the number of calls, by revision.
    """

    calls: list[Compared] = field(default_factory=list)
    aside: dict[str, list[CallEntry]] = field(default_factory=lambda: defaultdict(list))
    older: int = 0
    plans: dict[str, tuple[Plan, int]] = field(default_factory=dict)

    def of(self, verdict: Verdict) -> list[Compared]:
        """Return the calls of that *verdict*."""
        return [each for each in self.calls if each.verdict is verdict]


class WhatIf:
    """Calls that are to be modelled.

    Args:
        reader: where they are recorded.
        region: the country whose national numbers are understood.
    """

    def __init__(self, reader: Reader, region: str = "RU") -> None:
        self._reader = reader
        self._region = region
        self._plans: dict[str, Plan | None] = {}
        self._read: list[tuple[CallEntry, Reactions]] = []
        self._sample = Lengths()
        self.found = Effect()

    def __len__(self) -> int:
        """How many calls are to be modelled."""
        return len(self._read)

    def read(self, wanted: Wanted) -> Iterator[CallEntry]:
        """Read the calls that are *wanted*, one by one."""
        for call in self._reader.each(wanted):
            try:
                recorded = self._reactions(call)
            except NotModelled as why:
                self.found.aside[str(why)].append(call)
            else:
                self._sample.add(recorded.lengths)
                self._read.append((call, recorded))
            yield call

    def compare(self, plan: Plan) -> Iterator[CallEntry]:
        """Model the calls that were read as they were, and with *plan*, one by one; `found` is what came."""
        revision = plan_revision(plan)
        for call, recorded in self._read:
            then = course(recorded, recorded.plan, self._sample, self._region)
            if not _reproduced(then, recorded, call):
                older = call.flow != flow_revision()
                why = "an older version recorded it, and today's" if older else "the model"
                self.found.aside[f"{why} does not take it the way it went"].append(call)
            else:
                same = revision == call.plan
                now = then if same else course(recorded, plan, self._sample, self._region)
                self.found.calls.append(Compared(call, then, now))
                self.found.older += call.flow != flow_revision()
                _, number = self.found.plans.get(call.plan, (recorded.plan, 0))
                self.found.plans[call.plan] = recorded.plan, number + 1
            yield call

    def _reactions(self, call: CallEntry) -> Reactions:
        if call.refused:
            raise NotModelled("the service did not take it")
        if call.ended is None:
            raise NotModelled("its instance died during the call")
        if call.plan not in self._plans:
            self._plans[call.plan] = self._reader.plan(call.plan)
        if (plan := self._plans[call.plan]) is None:
            raise NotModelled("its plan is not in the journal, or is none of this version's")
        return reactions(self._reader.steps(call.key), plan, self._region)


def _way(taken: Course) -> tuple[object, ...]:
    return taken.path, taken.outcome, [answer.phone for answer in taken.answers]


def _reproduced(then: Course, recorded: Reactions, call: CallEntry) -> bool:
    talked = [stretch.phone for stretch in recorded.stretches[1:]]
    return _way(then) == (recorded.path, call.outcome, talked)
