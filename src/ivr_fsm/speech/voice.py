"""What a call plays: a recording, or the same prompt spoken with names where that is ready in time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ivr_fsm.speech.prompts import PromptError, PromptLibrary
from ivr_fsm.speech.speaker import Speaker

SLOW = frozenset({"ANNOUNCE"})
"""What is spoken slowly: somebody has to take down a name and a number."""


class PromptVoice:
    """The voice port of calls (`ivr_fsm.call.ports.Voice`)."""

    def __init__(self, library: PromptLibrary, speaker: Speaker) -> None:
        self._library = library
        self._speaker = speaker

    def prompt(self, code: str, facts: Mapping[str, str]) -> Path:
        """Return the file to play for *code* now; it is never waited for."""
        text = self._text(code, facts)
        spoken = self._speaker.ready(text, slowly=code in SLOW) if text else None
        return spoken or self._library.path(code).resolve()

    def prepare(self, code: str, facts: Mapping[str, str]) -> None:
        """Have *code* spoken in the background, so that it is there when it is wanted."""
        if text := self._text(code, facts):
            self._speaker.prepare(text, slowly=code in SLOW)

    async def announcement(self, code: str, facts: Mapping[str, str]) -> Path:
        """Return *code* spoken with *facts*, or its recording when that fails or is late."""
        text = self._text(code, facts)
        spoken = await self._speaker.say(text, slowly=code in SLOW) if text else None
        return spoken or self._library.path(code).resolve()

    def _text(self, code: str, facts: Mapping[str, str]) -> str:
        if not facts:
            return ""
        try:
            return self._library.text(code, **facts)
        except PromptError:
            return ""
