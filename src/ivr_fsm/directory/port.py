"""The directory as the service sees it: a port, with its adapters beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID, uuid5

from ivr_fsm.flow.caller import Caller


class DirectoryError(Exception):
    """The directory cannot answer: out of reach, slow, or talking rubbish. One problem a line.

    Attributes:
        retry_after: seconds after which it wants to be asked again; 0: it did not say.
    """

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecordRefused(DirectoryError):
    """The record of a call was looked at and will never be taken: telling it again is of no use."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who is at a number: a person's *name*, or, when nobody knows one, what the number is."""

    name: str | None
    description: str


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """Which target took a call (``shop``, ``office``, ``call_centre``, ``transfer``, ``customer``).

    *name* and *description* are those of its `Answerer`, where they are known.
    """

    target: str
    phone: str
    name: str | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that is over.

    Attributes:
        call_id: UUID of the caller leg.
        caller: E.164, empty when the caller hid it.
        order_id: the order that the call was about.
        answered_by: nobody: None.
        outcome: ``answered:<target>``, ``abandoned:<state>``, ``stopped:<state>``, ``partner``,
            ``unanswered`` or ``failed``.
        started: when the call arrived, an aware time.
        waited_seconds: from the arrival to the first answer, or to the end when nobody answered; None: the
            service died meanwhile, and nobody knows.
        talked_seconds: all conversations together; 0 when there was none; None: as above.
        recording: link to the recording.
        back: the id of the call that this one called back.
    """

    call_id: str
    caller: str
    order_id: str | None
    answered_by: AnsweredBy | None
    outcome: str
    started: datetime
    waited_seconds: float | None = None
    talked_seconds: float | None = None
    recording: str | None = None
    back: str = ""

    @property
    def key(self) -> str:
        """A UUID that is the same whenever the record is told again, and no other call's.

        A caller leg may be a call twice (its first service died), so the start counts, too.
        """
        return str(uuid5(UUID(self.call_id), self.started.astimezone(UTC).isoformat()))


class Directory(Protocol):
    """What the marketplace knows, and what it wants to know. How long to wait is the caller's business."""

    async def identify(self, phone: str) -> Caller:
        """Say who calls.

        Args:
            phone: E.164; empty when the caller hides it, who then is `Unknown`.

        Raises:
            DirectoryError: there is no usable answer.
        """

    async def who_answers(self, phone: str) -> Answerer:
        """Say who is at a number that a call was connected to; *phone* itself describes one nobody knows.

        Args:
            phone: E.164, an internal number, or a number as the plan or the marketplace wrote it.

        Raises:
            DirectoryError: there is no usable answer.
        """

    async def call_ended(self, record: CallRecord) -> None:
        """Hand over the record of a call that is over; the same one may come again.

        Raises:
            RecordRefused: it will never be taken.
            DirectoryError: it was not taken now.
        """

    async def close(self) -> None:
        """Let go of connections; nothing is asked any more."""
