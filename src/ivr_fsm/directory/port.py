"""The directory as the service sees it: a port, with its adapters beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ivr_fsm.flow.caller import Caller


class DirectoryError(Exception):
    """The directory cannot answer: out of reach, slow, or talking rubbish. One problem a line."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """Who is at a number: a person's *name*, or, when nobody knows one, what the number is."""

    name: str | None
    description: str


@dataclass(frozen=True, slots=True)
class AnsweredBy:
    """The target (``shop``, ``office``, ``call_centre``, ``transfer``) that took a call, and its phone."""

    target: str
    phone: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that is over.

    Attributes:
        call_id: UUID of the caller leg.
        caller: E.164, empty when the caller hid it.
        order_id: the order that the call was about.
        answered_by: nobody: None.
        outcome: ``answered:<target>``, ``abandoned:<state>``, ``partner``, ``unanswered`` or ``failed``.
        started: when the call arrived, an aware time.
        talk_seconds: from the bridge to the hangup; 0 when there was none.
        recording: link to the recording.
    """

    call_id: str
    caller: str
    order_id: str | None
    answered_by: AnsweredBy | None
    outcome: str
    started: datetime
    talk_seconds: float
    recording: str | None


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
        """Hand over the record of a call that is over.

        Raises:
            DirectoryError: it was not taken.
        """
