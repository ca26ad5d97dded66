"""What is read from the journal: calls, their steps, and the gaps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ivr_fsm.flow.events import Event
from ivr_fsm.flow.record import Judged
from ivr_fsm.flow.step import describe
from ivr_fsm.journal.codec import CodecError, Json, decode_event, decode_judged
from ivr_fsm.journal.tables import moment


@dataclass(frozen=True, slots=True)
class CallEntry:
    """A call in the journal. Times are aware, in UTC; what is not known is empty or None."""

    key: int
    call: str
    started: datetime
    phone: str
    called: str
    instance: str
    flow: str
    plan: str
    kind: str
    name: str
    order_id: str
    shop: str
    state: str
    since: datetime
    answered_by: str
    answered_phone: str
    answered: datetime | None
    outcome: str
    ended: datetime | None
    lost: datetime | None
    refused: str
    forgotten: datetime | None
    talk: int = 0
    """Microseconds of conversation."""
    recording: str | None = None
    """``ok``, ``removed``, or what is wrong with it; empty: none was made; None: nobody has looked at it."""
    recording_seconds: float | None = None
    back: str = ""
    """The id of the call that this one calls back."""
    claimed: datetime | None = None
    """When somebody began to call back; None: nobody does."""
    done: datetime | None = None
    """When somebody said that nothing is left to do."""

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> CallEntry:
        """Return what a row of the table says; whoever writes steps knows nothing of recordings."""
        values = {name: row[name] for name in cls.__slots__ if name in row}
        for name in ("started", "since", "answered", "ended", "lost", "forgotten", "claimed", "done"):
            values[name] = None if values.get(name) is None else moment(values[name])
        return cls(**values)

    @property
    def status(self) -> str:
        """Return the outcome, or ``live``, ``lost`` (its instance died) or ``refused``."""
        if self.refused:
            return "refused"
        if self.ended is None:
            return "lost" if self.lost else "live"
        return self.outcome

    @property
    def waited(self) -> timedelta | None:
        """How long the caller waited for somebody, or until the end when nobody answered."""
        until = self.answered or self.ended
        return until - self.started if until else None

    @property
    def talked(self) -> timedelta | None:
        """How long the caller had somebody on the line, in all conversations together."""
        return timedelta(microseconds=self.talk) if self.answered and self.ended else None


@dataclass(frozen=True, slots=True)
class StepEntry:
    """A step in the journal. *body* is what `ivr_fsm.journal.codec.encode_step` made of it."""

    number: int
    at: datetime
    mono: float
    event: str
    before: str
    after: str
    body: Mapping[str, Json]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> StepEntry:
        """Return what a row of the table says."""
        return cls(
            row["number"],
            moment(row["at"]),
            row["mono"],
            row["event"],
            row["before"],
            row["after"],
            json.loads(row["body"]),
        )

    @property
    def moved(self) -> bool:
        """Whether the call is in another state than before."""
        return self.before != self.after

    @property
    def leg(self) -> str:
        """Whose phone the event is about, if any."""
        return str(self.body.get("leg", ""))

    @property
    def fault(self) -> str:
        """Why the flow could do nothing with the event, if it could not."""
        return str(self.body.get("fault", ""))

    @property
    def judged(self) -> tuple[Judged, ...]:
        """The guards that were asked."""
        return decode_judged(self.body.get("judged", ()))

    @property
    def commands(self) -> list[dict[str, Json]]:
        """What was asked for, as JSON: a command of an older flow can be shown, too."""
        return list(self.body.get("commands", ()))

    def decoded(self) -> Event:
        """Return the event.

        Raises:
            CodecError: it is none of today's flow.
        """
        return decode_event(self.body.get("event"))

    @property
    def said(self) -> str:
        """The event in words."""
        try:
            return describe(self.decoded(), self.leg)
        except CodecError:
            return self.event

    @property
    def reason(self) -> str:
        """The event and the answers of the guards that were asked, for people."""
        fault = [f"fault: {self.fault}"] if self.fault else []
        return "; ".join([self.said, *map(str, self.judged), *fault])


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What somebody did about a call that was over, or what came of it.

    Attributes:
        id: its place among all of them.
        key: the call's.
        at: when, an aware time.
        what: ``call_back`` (somebody began to), ``office_silent`` (no phone of the office answered),
            ``call_back_failed`` (the switch cannot), ``interrupted`` (the service went), ``done``.
        by: who pressed the button.
    """

    id: int
    key: int
    at: datetime
    what: str
    by: str

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> FollowUp:
        """Return what a row of the table says."""
        return cls(row["id"], row["key"], moment(row["at"]), row["what"], row["by"])


@dataclass(frozen=True, slots=True)
class GapEntry:
    """A time in which steps were written late (after their commands had left), or were lost."""

    instance: str
    began: datetime
    ended: datetime
    why: str
    late: int
    lost: int

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> GapEntry:
        """Return what a row of the table says."""
        return cls(
            row["instance"],
            moment(row["began"]),
            moment(row["ended"]),
            row["why"],
            row["late"],
            row["lost"],
        )
