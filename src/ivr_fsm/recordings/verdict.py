"""What a recording ought to be, and whether it is: sound in it, in stereo, as long as it must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.recordings.wav import NoWav, Wav, read_wav

OK = "ok"
"""The verdict on a recording that is as it ought to be."""

SLACK = 2.0
"""Seconds that a recording may be shorter or longer than the journal says."""

SLACK_SHARE = 0.02
"""And so much of its length, if that is more: two clocks, and packets that never came."""


@dataclass(frozen=True, slots=True)
class Expected:
    """How long a recording ought to be.

    Attributes:
        seconds: from when it was first asked for to the end of the call.
        open_end: the service did not see that end: the recording may be longer.
    """

    seconds: float
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to be said of a recording.

    Attributes:
        said: `OK`, what is wrong with it, or nothing: none was asked for.
        seconds: how much sound there is; None: that cannot be told.
    """

    said: str
    seconds: float | None = None

    @property
    def faulty(self) -> bool:
        """Whether somebody has to look after it."""
        return self.said not in ("", OK)


NOTHING = Verdict("")
"""No recording was asked for."""


def expected(calls: Sequence[Sequence[StepEntry]]) -> Expected | None:
    """Return how long the recording of a caller leg ought to be; None: none was asked for.

    FreeSWITCH records on until the leg ends, through transfers and whatever becomes of the service.

    Args:
        calls: the steps of each call that the leg was, in their order. It is more than one when it came back
            to a service that did not know it any more.
    """
    asked = next((step for steps in calls for step in steps if _asks(step)), None)
    if asked is None:
        return None
    steps = calls[-1] or [asked]
    end = next((step for step in steps if _ends(step)), steps[-1])
    # Within one call the clock that nobody sets counts.
    seconds = end.mono - asked.mono if asked in steps else (end.at - asked.at).total_seconds()
    return Expected(seconds, open_end=not _ends(end) or end.event == "LinkLost")


def _ends(step: StepEntry) -> bool:
    return step.after in ("releasing", "ended")


def _asks(step: StepEntry) -> bool:
    return any(command.get("is") == "Record" for command in step.commands)


def examine(file: Path, wanted: Expected) -> Verdict:
    """Return what is to be said of *file*; it blocks."""
    try:
        with file.open("rb") as stream:
            wav = read_wav(stream)
    except NoWav as error:
        return Verdict(f"no WAV: {error}")
    except OSError as error:
        return Verdict(f"cannot be read: {error.strerror or error}")
    return Verdict(_wrong(wav, wanted) or OK, round(wav.seconds, 3))


def _wrong(wav: Wav, wanted: Expected) -> str:
    slack = max(SLACK, SLACK_SHARE * wanted.seconds)
    if not wav.frames:
        return "empty: a header without sound"
    if wav.declared < wav.frames:
        return f"not closed: its header tells of {wav.declared} of {wav.frames} frames"
    if wav.channels != 2:
        return f"not stereo: {wav.channels} channel{'s' if wav.channels > 1 else ''}"
    if wav.seconds < wanted.seconds - slack:
        return f"too short: {wav.seconds:.1f} s of {wanted.seconds:.1f} s"
    if wav.seconds > wanted.seconds + slack and not wanted.open_end:
        return f"too long: {wav.seconds:.1f} s instead of {wanted.seconds:.1f} s"
    return ""
