"""How long prompts and announcements last, as the calls that heard them to their end tell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from statistics import median
from typing import Literal, NamedTuple


class Prompt(NamedTuple):
    """A prompt in a language."""

    language: str
    code: str


class Length(NamedTuple):
    """How long a prompt plays, and what `PromptFinished` then says."""

    seconds: float
    result: Literal["played", "missing", "broken"] = "played"


@dataclass(slots=True)
class Lengths:
    """What was heard to its end, in one call or in many; and what was cut off, and when at the latest."""

    _heard: dict[Prompt, list[Length]] = field(default_factory=partial(defaultdict, list))
    _longest: dict[Prompt, float] = field(default_factory=dict)
    _told: dict[tuple[str, ...], list[float]] = field(default_factory=partial(defaultdict, list))
    _typical: dict[tuple[str, ...], float] = field(default_factory=dict)

    def heard(self, prompt: Prompt, length: Length) -> None:
        """*prompt* was over after that."""
        self._heard[prompt].append(length)

    def cut(self, prompt: Prompt, seconds: float) -> None:
        """*prompt* was cut off after so many seconds: it lasts no less."""
        self._longest[prompt] = max(seconds, self._longest.get(prompt, 0.0))

    def told(self, codes: tuple[str, ...], seconds: float) -> None:
        """The announcement of these *codes*, the language before them, lasted so many seconds."""
        self._told[codes].append(seconds)

    def add(self, others: Lengths) -> None:
        """Know what *others* know, too."""
        for prompt, lengths in others._heard.items():
            self._heard[prompt] += lengths
        for prompt, seconds in others._longest.items():
            self.cut(prompt, seconds)
        for codes, told in others._told.items():
            self._told[codes] += told
        self._typical.clear()

    def nth(self, prompt: Prompt, times: int) -> Length | None:
        """Return the length of the *times*-th hearing (from 1), or of the last one, if it was ever heard."""
        found = self._heard.get(prompt)
        return found[min(times, len(found)) - 1] if found else None

    def typical(self, prompt: Prompt) -> Length | None:
        """Return the length in most calls, if the prompt was ever heard to its end."""
        played = (each.seconds for each in self._heard.get(prompt, ()) if each.result == "played")
        seconds = self._middle(prompt, played)
        return None if seconds is None else Length(seconds)

    def typical_told(self, codes: tuple[str, ...]) -> float | None:
        """Return how long the announcement of these *codes* lasts in most calls."""
        return self._middle(("told", *codes), self._told.get(codes, ()))

    def at_least(self, prompt: Prompt) -> float:
        """Return seconds that a prompt that nobody heard to its end lasts at least."""
        return self._longest.get(prompt, 0.0)

    def _middle(self, of: tuple[str, ...], seconds: Iterable[float]) -> float | None:
        if of not in self._typical and (known := list(seconds)):
            self._typical[of] = median(known)
        return self._typical.get(of)
