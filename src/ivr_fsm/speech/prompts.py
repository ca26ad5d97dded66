"""The prompt folder: texts in `<language>.toml`, recordings in `<language>/<CODE>.wav`."""

import re
import string
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ivr_fsm.speech import audio
from ivr_fsm.speech.spelling import speakable, spell_digits

FALLBACK_LANGUAGE = "ru"

_CODE = re.compile(r"[A-Z0-9_]+")
_FORMATTER = string.Formatter()


class PromptError(ValueError):
    """A prompt cannot be played or spoken; the message says which and why."""


@dataclass(frozen=True)
class Texts:
    """What one language's `.toml` says."""

    engine: str = "rhvoice"
    voice: str = "elena"
    rate: float = 1.0
    recordings: dict[str, str] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)


def read_texts(folder: Path, language: str) -> Texts:
    """Read `<folder>/<language>.toml`.

    Raises:
        PromptError: it is missing, is not TOML, or a code is not made of A-Z, 0-9 and _.
    """
    path = folder / f"{language}.toml"
    try:
        content: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PromptError(f"{path} cannot be read: {error}; IVR_PROMPTS names the folder") from error
    recordings = content.get("recordings", {})
    for code in recordings:
        _checked(code)
    return Texts(**content.get("voice", {}), recordings=recordings, templates=content.get("templates", {}))


class PromptLibrary:
    """Recordings and text templates in one language, with Russian behind it where something is missing."""

    def __init__(self, folder: Path, language: str = FALLBACK_LANGUAGE) -> None:
        """Read the texts.

        Raises:
            PromptError: see `read_texts`.
        """
        self._folder = folder
        self._languages = list(dict.fromkeys((language, FALLBACK_LANGUAGE)))
        self._texts = {spoken: read_texts(folder, spoken) for spoken in self._languages}

    @property
    def codes(self) -> list[str]:
        """Every code that has a text, in the order of the file."""
        return list(dict.fromkeys(code for texts in self._texts.values() for code in texts.recordings))

    def path(self, code: str) -> Path:
        """The recording of `code`: in this language, or in Russian when this language has no file.

        The file need not exist; `problems` tells.

        Raises:
            PromptError: `code` is not made of A-Z, 0-9 and _.
        """
        paths = [self._folder / language / f"{_checked(code)}.wav" for language in self._languages]
        return next((path for path in paths if path.is_file()), paths[0])

    def seconds(self, code: str) -> float:
        """Playing time of the recording of `code`, seconds, from the file itself.

        Raises:
            PromptError: there is no such recording, or it is not a WAV.
        """
        path = self.path(code)
        try:
            return audio.seconds(path)
        except (audio.AudioError, OSError) as error:
            raise PromptError(f"prompt {code} ({path}) has no length: {error}") from error

    def problems(self) -> list[str]:
        """One line for each recording that cannot be played, with what to do; empty when all is well."""
        faults = ((self.path(code), code) for code in self.codes)
        return [f"prompt {code} ({path}): {fault}" for path, code in faults if (fault := audio.fault(path))]

    def text(self, template: str, /, **facts: str | None) -> str:
        """Fill a template with facts made safe to speak; `order` is spelled sign by sign.

        Raises:
            PromptError: no such template, or a fact that it needs is missing or cannot be spoken. Play the
                recording of the same code instead.
        """
        for language in self._languages:
            if pattern := self._texts[language].templates.get(template):
                return _filled(template, pattern, language, facts)
        raise PromptError(f"there is no template {template}")


def _filled(template: str, pattern: str, language: str, facts: dict[str, str | None]) -> str:
    spoken = {}
    for _, fact, _, _ in _FORMATTER.parse(pattern):
        if fact is None:
            continue
        value = facts.get(fact) or ""
        spoken[fact] = spell_digits(value, language) if fact == "order" else speakable(value, language)
        if not spoken[fact]:
            raise PromptError(f"template {template} needs {fact}, which is missing or cannot be spoken")
    return pattern.format_map(spoken)


def _checked(code: str) -> str:
    if not _CODE.fullmatch(code):
        raise PromptError(f"{code[:40]!r} is no prompt code: A-Z, 0-9 and _ only")
    return code
