"""FreeSWITCH's words into events of the flow: the only file that knows header names.

Seen in the traces of tests/traces; a header that is missing makes an event that is left out, never a fault.
"""

from __future__ import annotations

import re
from typing import Literal, Protocol
from uuid import UUID

import structlog

from ivr_fsm.flow import events
from ivr_fsm.phone import BadPhone, parse_dialable, parse_phone

log = structlog.get_logger(__name__)

_DIGIT = re.compile(r"[0-9*#A-D]")
_NOT_PLAYED: dict[str, Literal["missing", "broken"]] = {
    "FILE NOT FOUND": "missing",
    "PLAYBACK ERROR": "broken",
}
ANNOUNCEMENT = "announcement"
"""The token of the last thing that is played to a target leg."""


class Headers(Protocol):
    """An event as the wire gives it: decoded headers, and a body if it has one."""

    @property
    def name(self) -> str:
        """The Event-Name."""

    @property
    def body(self) -> str:
        """The body, empty if there is none."""

    def get(self, header: str) -> str | None:
        """Return a header's decoded value."""


def arrived(channel: Headers, region: str) -> events.CallArrived:
    """Read the caller leg's ``connect`` reply.

    Raises:
        ValueError: its Unique-ID is no UUID.
    """
    call_id = str(UUID(channel.get("Unique-ID") or ""))
    number = channel.get("Caller-Caller-ID-Number") or ""
    try:
        phone = parse_phone(number, region)
    except BadPhone:
        log.info("caller without a number", call=call_id, given=number[:40])
        phone = ""
    called = channel.get("Caller-Destination-Number") or ""
    return events.CallArrived(call_id, phone, called if called.isdigit() else "")


def unique_id(channel: Headers) -> str:
    """Return the channel's id."""
    return channel.get("Unique-ID") or ""


def asked_back(channel: Headers) -> str | None:
    """Return what `ivr_fsm.esl.callback` has named a phone of the office by; None: it is a caller's leg."""
    return channel.get("variable_ivr_call_back")


def returned(channel: Headers, region: str) -> events.CallerReturned:
    """Read the ``connect`` reply of a caller leg that had been with us before (trace: blind transfer)."""
    if ":bl_xfer:" not in (channel.get("Caller-Transfer-Source") or ""):
        return events.CallerReturned()
    wanted = channel.get("Caller-Destination-Number") or ""
    by = re.search(r"sips?:([^@>;]{1,40})@", channel.get("variable_sip_h_Referred-By") or "")
    try:
        return events.CallerReturned(parse_dialable(wanted, region), by.group(1) if by else "")
    except BadPhone as error:
        log.warning("transfer refused", reason=str(error))
        return events.CallerReturned()


class Translator:
    """Translates for one call: it knows which channel is the caller's and which are target legs."""

    def __init__(self, caller: str) -> None:
        self._caller = caller
        self._legs: set[str] = set()
        self._lived: set[str] = set()

    @property
    def legs(self) -> frozenset[str]:
        """The target legs that are not known to be gone."""
        return frozenset(self._legs)

    def expect(self, leg: str) -> None:
        """From now on *leg* is a target leg of this call; its originate has it for its Job-UUID too."""
        self._legs.add(leg)

    def has_lived(self, leg: str) -> bool:
        """Whether the switch had a channel for *leg*, and its end has not been heard of."""
        return leg in self._legs and leg in self._lived

    def translate(self, event: Headers) -> events.Event | None:
        """Return what *event* says to the flow, or None when it says nothing."""
        if event.name == "BACKGROUND_JOB":
            return self._originated(event.get("Job-UUID") or "", event.body)
        channel = event.get("Unique-ID") or ""
        if channel == self._caller:
            return self._of_caller(event)
        return self._of_leg(channel, event) if channel in self._legs else None

    def _of_caller(self, event: Headers) -> events.Event | None:
        match event.name:
            case "DTMF":
                digit = _digit(event)
                return events.DigitPressed(digit) if digit else None
            case "CHANNEL_EXECUTE_COMPLETE" if event.get("Application") == "playback":
                token = event.get("Application-UUID") or ""
                return events.PromptFinished(token, _played(event))
            case "CHANNEL_BRIDGE":
                leg = event.get("Other-Leg-Unique-ID") or ""
                return events.Bridged(leg) if leg in self._legs else None
            case "CHANNEL_HANGUP":
                return events.CallerHungUp(event.get("Hangup-Cause") or "UNKNOWN")
        return None

    def _of_leg(self, leg: str, event: Headers) -> events.Event | None:
        self._lived.add(leg)
        match event.name:
            case "CHANNEL_PROGRESS" | "CHANNEL_PROGRESS_MEDIA":
                return events.LegRinging(leg)
            case "CHANNEL_PARK":
                # Answered and ready: parking comes up to 20 ms after CHANNEL_ANSWER, and what is sent before
                # it races with the end of the originate.
                return events.LegAnswered(leg)
            case "DTMF":
                digit = _digit(event)
                return events.LegDigitPressed(leg, digit) if digit else None
            case "CHANNEL_EXECUTE_COMPLETE" if event.get("Application-UUID") == ANNOUNCEMENT:
                return events.AnnouncementFinished(leg, event.get("Application-Response") == "FILE PLAYED")
            case "CHANNEL_HANGUP":
                # A leg that was never answered is reported twice, here and by its job: once is enough.
                self._legs.discard(leg)
                transferred = event.get("variable_transfer_disposition") == "recv_replace"
                return events.LegEnded(leg, event.get("Hangup-Cause") or "UNKNOWN", transferred)
        return None

    def _originated(self, leg: str, body: str) -> events.Event | None:
        if leg not in self._legs or not body.startswith("-ERR"):
            return None
        self._legs.discard(leg)
        return events.LegEnded(leg, body.removeprefix("-ERR").strip() or "UNKNOWN")


def _played(event: Headers) -> Literal["played", "missing", "broken"]:
    return _NOT_PLAYED.get(event.get("Application-Response") or "", "played")


def _digit(event: Headers) -> str:
    digit = event.get("DTMF-Digit") or ""
    return digit if _DIGIT.fullmatch(digit) else ""
