"""What came of a scene: the service's log, what the user agents said, and what everybody heard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from . import ears
from .processes import Line, wall
from .scene import CALLERS_TONES, RINGING, SERVICE, TONES, Scene


@dataclass
class Ear:
    """What one leg heard: its recording, on the wall clock."""

    phone: str
    file: Path
    began: float
    prompts_of: Mapping[str, ears.Sound]

    channel: int = 0

    @cached_property
    def sound(self) -> ears.Sound:
        """The recording."""
        return ears.read(self.file, self.channel)

    @cached_property
    def prompts(self) -> list[ears.Heard]:
        """Which prompts were heard, seconds from `began`."""
        return ears.prompts(self.sound, self.prompts_of)

    @cached_property
    def tones(self) -> list[ears.Tone]:
        """Which tones were heard, seconds from `began`."""
        return ears.tones(self.sound, [RINGING, *TONES.values(), *CALLERS_TONES])

    @cached_property
    def silences(self) -> list[tuple[float, float]]:
        """Where nothing was heard for more than a second."""
        return ears.silences(self.sound, 1.0)

    def heard_tone(self, hertz: int) -> float:
        """How long a tone was heard, seconds."""
        return sum(tone.seconds for tone in self.tones if tone.hertz == hertz)


@dataclass
class Log:
    """What the service's log says of one call."""

    lines: list[Line] = field(default_factory=list)

    @property
    def steps(self) -> list[Line]:
        """The steps of the call."""
        return [line for line in self.lines if line["event"] == "step"]

    @property
    def call_id(self) -> str:
        """The call's id."""
        return str(self.steps[0]["call"])

    @property
    def states(self) -> list[str]:
        """The way of the call."""
        return [step["after"] for step in self.steps if step["after"] != step["before"]]

    def entered(self, state: str, visit: int = 1) -> float | None:
        """When the call entered *state* for the *visit*-th time, Unix seconds."""
        times = [wall(step) for step in self.steps if step["after"] == state != step["before"]]
        return times[visit - 1] if len(times) >= visit else None

    def recorded(self, folder: Path) -> tuple[Ear, Ear]:
        """The switch's recording of the call, its two channels."""
        file = next(folder.glob(f"*/recordings/{self.call_id}.wav"))
        return Ear("left", file, 0.0, {}, 0), Ear("right", file, 0.0, {}, 1)


@dataclass
class Played(Log):
    """What came of a scene."""

    scene: Scene = field(kw_only=True)
    caller: str = field(kw_only=True)
    tone: int = field(kw_only=True)
    back: Log = field(default_factory=Log)
    """The call in which the caller was called back."""
    events: list[Line] = field(default_factory=list)
    """What the user agents said, the caller's and the phones'."""
    ears: list[Ear] = field(default_factory=list)
    """The caller's first, then one for each phone that had sound, in the order of that."""
    told: list[str] = field(default_factory=list)
    """The lines of the thread of the call in the channel."""
    left: list[dict[str, Any]] = field(default_factory=list)
    """Channels that were still there some seconds after the end."""
    cleared: float = 0.0
    """Seconds from the end of the caller's leg until the switch had no channel of the call."""
    faults: list[str] = field(default_factory=list)
    """What went wrong with the scene itself."""

    def ear(self, phone: str) -> Ear:
        """The ear of a phone, or of the caller.

        Raises:
            LookupError: it has heard nothing.
        """
        return next(ear for ear in self.ears if ear.phone == phone)

    def happened(self, **said: Any) -> list[Line]:
        """What the user agents said with all of *said* in it."""
        return [line for line in self.events if said.items() <= line.items()]

    def of(self, number: str, event: str) -> list[Line]:
        """What the phone of *number* said about *event*, call by call."""
        return [line for line in self.happened(event=event) if line["leg"].split()[1] == number]


def ears_of(played: Played, folder: Path, known: Mapping[str, ears.Sound]) -> Iterator[Ear]:
    """Yield the ear of everybody who had sound, the caller's first."""
    for line in sorted(
        played.happened(event="sound"), key=lambda line: (f" {SERVICE} " not in line["leg"], line["at"])
    ):
        caller, called, visit = line["leg"].split()
        if called == SERVICE:
            yield Ear("caller", folder / f"{caller}.wav", line["at"], known)
        else:
            yield Ear(called, folder / f"{caller}-{called}-{visit}.wav", line["at"], known)
