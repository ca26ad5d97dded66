"""Phones that can be called, and the book that finds them by number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr_fsm.simulator.observed import Leg
from ivr_fsm.simulator.script import Clause, Step, answered, clauses, hang_up, parse_step, seconds

_RING = re.compile(r"ring(?: (?P<time>\d+(?:\.\d+)?)(?P<unit>ms|s)?)?", re.ASCII | re.IGNORECASE)
_REJECT = re.compile(r"busy|reject(?: (?P<cause>[A-Z][A-Z_]+))?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Phone:
    """What a phone does with one call.

    Attributes:
        ring: seconds from the call to the first ring (``CHANNEL_PROGRESS``).
        answer: seconds of ringing until it is answered; None: it never is.
        reject: seconds of ringing until it is rejected with *cause*; None: it is not.
        cause: hangup cause of the rejection: ``USER_BUSY``, ``CALL_REJECTED``, ``UNALLOCATED_NUMBER`` …
        steps: what the person does once the call was answered.
    """

    ring: float = 0.02
    answer: float | None = None
    reject: float | None = None
    cause: str = "USER_BUSY"
    steps: tuple[Step, ...] = ()

    @classmethod
    def voicemail(cls, after: float, length: float = 30.0) -> Phone:
        """Return a mailbox: it answers *after* seconds and hangs up *length* seconds later."""
        return cls(answer=after, steps=(hang_up(answered(length)),))

    @classmethod
    def parse(cls, text: str) -> Phone:
        """Return the phone that *text* tells: ``ring 2s, answer, press 1 after 3s, hang up 5s after bridge``.

        ``ring <time>`` comes first and may be left out; then ``answer``, ``busy`` or ``reject <CAUSE>``;
        without any of these the phone rings for ever. Steps as ``parse_step`` reads them follow ``answer``.

        Raises:
            ScriptError: a clause cannot be read or stands in the wrong place.
        """
        rest = clauses(text)
        rings = 0.0
        if rest and (ring := _RING.fullmatch(rest[0].text)):
            rings = seconds(ring["time"] or "0", ring["unit"])
            rest = rest[1:]
        if not rest:
            return cls()
        return cls._parse_outcome(rest, rings)

    @classmethod
    def _parse_outcome(cls, rest: list[Clause], rings: float) -> Phone:
        outcome, *steps = rest
        if outcome.text.lower() == "answer":
            return cls(answer=rings, steps=tuple(map(parse_step, steps)))
        if (rejected := _REJECT.fullmatch(outcome.text)) is None:
            raise outcome.error("expected 'ring <time>', 'answer', 'busy' or 'reject <CAUSE>'")
        if steps:
            raise steps[0].error(f"nothing can follow {outcome.text!r}")
        default = "USER_BUSY" if outcome.text.lower() == "busy" else "CALL_REJECTED"
        return cls(reject=rings, cause=(rejected["cause"] or default).upper())


UNKNOWN_NUMBER = Phone(reject=0.1, cause="UNALLOCATED_NUMBER")
"""What the far end does with a number it does not know.

Source: trace ``bad-gateway-unknown-number-bad-commands``.
"""


class Line:
    """A number in the book: what its phone does call by call, and the legs that reached it.

    Args:
        phones: one phone per successive call; the last one serves all further calls.
    """

    def __init__(self, phones: Sequence[Phone]) -> None:
        self._phones = phones
        self.legs: list[Leg] = []

    def ring(self, leg: Leg) -> Phone:
        """Note *leg*, and return what the phone does with it."""
        self.legs.append(leg)
        return self._phones[min(len(self.legs), len(self._phones)) - 1]

    @property
    def rang(self) -> bool:
        """Whether it ever rang."""
        return any(leg.rang_at is not None for leg in self.legs)

    @property
    def answered(self) -> bool:
        """Whether it ever was answered."""
        return any(leg.answered_at is not None for leg in self.legs)

    @property
    def cause(self) -> str | None:
        """Hangup cause of the latest leg; None while it lives, or when there was none."""
        return self.legs[-1].cause if self.legs else None


Script = Phone | str | Sequence[Phone | str]
"""A phone, its text, or one of either for each successive call."""


class PhoneBook:
    """The phones that exist, by number; numbers are compared by their digits only.

    Args:
        phones: number → ``Phone``, its text form, or a list of these for successive calls.

    Raises:
        ScriptError: a text cannot be read; the message begins with the number.
    """

    def __init__(self, phones: Mapping[str, Script] | None = None) -> None:
        self._lines: dict[str, Line] = {}
        for number, script in (phones or {}).items():
            self.add(number, script)

    def add(self, number: str, script: Script) -> Line:
        """Put *number* into the book, in place of what it had, and return its line."""
        scripts = [script] if isinstance(script, Phone | str) else list(script)
        if not scripts:
            raise ValueError(f"phone {number}: an empty list says nothing about what it does")
        line = self._lines[_digits(number)] = Line([_read(number, each) for each in scripts])
        return line

    def __getitem__(self, number: str) -> Line:
        """Return the line of *number*; KeyError when it has none."""
        return self._lines[_digits(number)]

    def ring(self, number: str, leg: Leg) -> Phone:
        """Return what the phone of *number* does with *leg*; unknown numbers are ``UNALLOCATED_NUMBER``."""
        line = self._lines.get(_digits(number))
        return line.ring(leg) if line else UNKNOWN_NUMBER


def _read(number: str, script: Phone | str) -> Phone:
    if isinstance(script, Phone):
        return script
    try:
        return Phone.parse(script)
    except ValueError as error:
        raise type(error)(f"phone {number}: {error}") from None


def _digits(number: str) -> str:
    return re.sub(r"[^0-9]", "", number)
