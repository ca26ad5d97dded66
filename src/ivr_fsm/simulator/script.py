"""What a person at a phone does, and when: as data, and as a line of text.

``press 1 3s into FW3, hang up 5s after bridge`` reads as ``parse_steps`` tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum


class Moment(Enum):
    """What a step's delay counts from."""

    START = "start"
    ANSWER = "answer"
    HEARD = "heard"
    BRIDGED = "bridged"


@dataclass(frozen=True)
class When:
    """*delay* seconds after *moment*; for ``HEARD``, the *nth* time (from 1) that *prompt* begins.

    What counts from a prompt or a bridge is forgotten when the prompt or the bridge ends first.
    """

    moment: Moment
    delay: float = 0.0
    prompt: str = ""
    nth: int = 1


def start(delay: float) -> When:
    """Return *delay* seconds after the call began."""
    return When(Moment.START, delay)


def answered(delay: float = 0.0) -> When:
    """Return *delay* seconds after the leg was answered."""
    return When(Moment.ANSWER, delay)


def hearing(prompt: str, delay: float = 0.0, nth: int = 1) -> When:
    """Return *delay* seconds into the *nth* hearing of *prompt*, a file's stem in any case (``FW3``)."""
    return When(Moment.HEARD, delay, prompt.lower(), nth)


def bridged(delay: float = 0.0) -> When:
    """Return *delay* seconds after the leg was bridged."""
    return When(Moment.BRIDGED, delay)


@dataclass(frozen=True)
class Press:
    """Press *digits* (``0-9 * # A-D``) one after another."""

    digits: str


@dataclass(frozen=True)
class HangUp:
    """Hang up."""


@dataclass(frozen=True)
class Transfer:
    """Transfer the other side blind (REFER) to *number*."""

    number: str


@dataclass(frozen=True)
class Step:
    """One thing done at one moment."""

    action: Press | HangUp | Transfer
    when: When


def press(digits: str, when: When) -> Step:
    """Return the step of pressing *digits* at *when*."""
    return Step(Press(digits), when)


def hang_up(when: When) -> Step:
    """Return the step of hanging up at *when*."""
    return Step(HangUp(), when)


def transfer(number: str, when: When) -> Step:
    """Return the step of transferring the other side blind to *number* at *when*."""
    return Step(Transfer(number), when)


class ScriptError(ValueError):
    """A script text that cannot be read; the message names the clause and its column."""


@dataclass(frozen=True)
class Clause:
    """One comma-separated piece of a script: its *text*, its *number* and its *column*, both from 1."""

    text: str
    number: int
    column: int

    def error(self, why: str) -> ScriptError:
        """Return the error that says *why* this clause cannot be read, and where it stands."""
        return ScriptError(f"clause {self.number}, column {self.column}: {self.text!r}: {why}")


_DURATION = r"(?P<{}>\d+(?:\.\d+)?)(?P<{}_unit>ms|s)?"
_WHEN = re.compile(
    rf"(?:at {_DURATION.format('at', 'at')}|after {_DURATION.format('after', 'after')}"
    rf"|{_DURATION.format('since', 'since')} after (?P<moment>answer|bridge)"
    rf"|(?:on|{_DURATION.format('into', 'into')} into) "
    r"(?:(?P<nth>\d+)(?:st|nd|rd|th) )?(?P<prompt>[\w.\-]+))",
    re.ASCII | re.IGNORECASE,
)
_ACTION = re.compile(
    r"(?:press (?P<digits>[0-9*#A-D]+)|(?P<hangup>hang up)|transfer to (?P<number>\+?[0-9]+))"
    r"(?: (?P<when>.+))?",
    re.ASCII | re.IGNORECASE,
)


def clauses(text: str) -> list[Clause]:
    """Return the comma-separated clauses of *text*, blanks around them removed; none for an empty text."""
    found: list[Clause] = []
    column = 1
    for number, piece in enumerate(text.split(","), 1):
        lead = len(piece) - len(piece.lstrip())
        found.append(Clause(" ".join(piece.split()), number, column + lead))
        column += len(piece) + 1
    return found if text.strip() else []


def seconds(number: str, unit: str | None) -> float:
    """Return a duration in seconds; *unit* is ``s`` (or none) or ``ms``."""
    return float(number) / (1000.0 if unit == "ms" else 1.0)


def parse_step(clause: Clause) -> Step:
    """Return the step that *clause* tells.

    ``press 1``, ``hang up`` or ``transfer to 74951110009``, then ``at 3s`` (from the start of the call),
    ``after 3s`` or ``3s after answer``, ``3s after bridge``, ``3s into FW3``,
    ``3s into 2nd FW3``, ``on FW9``.

    Raises:
        ScriptError: anything else.
    """
    action = _ACTION.fullmatch(clause.text)
    if action is None:
        raise clause.error("expected 'press <digits>', 'hang up' or 'transfer to <number>', and when")
    when = _WHEN.fullmatch(action["when"] or "")
    if when is None:
        raise clause.error("expected when: 'at 3s', 'after 3s', '3s after bridge', '3s into FW3' or 'on FW3'")
    return Step(_action(action), _when(when))


def _action(match: re.Match[str]) -> Press | HangUp | Transfer:
    if match["digits"]:
        return Press(match["digits"])
    return HangUp() if match["hangup"] else Transfer(match["number"])


def _when(match: re.Match[str]) -> When:
    if match["at"]:
        return start(seconds(match["at"], match["at_unit"]))
    if match["after"]:
        return answered(seconds(match["after"], match["after_unit"]))
    if match["moment"]:
        delay = seconds(match["since"], match["since_unit"])
        return bridged(delay) if match["moment"].lower() == "bridge" else answered(delay)
    return hearing(match["prompt"], seconds(match["into"] or "0", match["into_unit"]), int(match["nth"] or 1))


def parse_steps(script: str | Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps of a caller's *script*: clauses as ``parse_step`` reads them, or steps as they are.

    Raises:
        ScriptError: a clause cannot be read.
    """
    return tuple(map(parse_step, clauses(script))) if isinstance(script, str) else tuple(script)
