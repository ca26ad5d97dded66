"""What a call asked for, in words: its commands, and whose phone each leg is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ivr_fsm.flow.events import Timer
from ivr_fsm.journal.codec import Json
from ivr_fsm.story.names import prompt_code, timer_name
from ivr_fsm.story.view import View, words

TIMERS = {"StartTimer", "CancelTimer"}


class Legs:
    """The legs that a call has dialed so far, and which of them it has released."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._whose: dict[str, tuple[str, str]] = {}
        self.released: set[str] = set()
        self._explained: set[str] = set()

    def note(self, commands: Iterable[Json]) -> None:
        """Keep what *commands* say of legs."""
        for command in commands:
            if command.get("is") == "Dial":
                self._whose[_text(command, "leg")] = _text(command, "target"), _text(command, "phone")
            elif command.get("is") == "Release":
                self.released.add(_text(command, "leg"))

    def words(self, commands: Iterable[Json]) -> str:
        """Return *commands* in a few words: ``ring shop 74951110001, 74951110002; play FW6``.

        What is asked several times is said once, with those of whom or of which it is asked.
        """
        asked = [self._asked(command) for command in commands]
        return "; ".join(
            self._said(kind, target, ", ".join(each for _, _, each in group))
            for (kind, target), group in groupby(asked, key=lambda each: each[:2])
        )

    def titled(self, code: str) -> str:
        """Return a prompt's code, the first time with what it is about: ``FW1 (greeting)``."""
        key = f"prompts.{code}"
        if code in self._explained or key not in words(self._view.language).all:
            return self._view.safe(code)
        self._explained.add(code)
        return self._view.text("heard.titled", code=code, title=self._view.text(key))

    def _asked(self, command: Json) -> tuple[str, str, str]:
        """Return the kind of *command*, of which target it is asked, and of whom or of which."""
        kind = str(command.get("is", "?"))
        target, phone = self._whose.get(_text(command, "leg"), ("leg", "?"))
        target = self._view.either("targets", target)
        match kind:
            case "Dial" | "Release":
                return kind, target, phone
            case "Play" | "Prepare":
                return kind, "", self.titled(_text(command, "code"))
            case "Tell":
                return kind, "", self._view.either("told", _text(command, "what"))
            case "StartTimer":
                seconds = f"{float(command.get('after', 0)):g}"
                return kind, "", self._view.text("rows.starts", timer=self._timer(command), seconds=seconds)
            case "CancelTimer":
                return kind, "", self._timer(command)
        return kind, "", f"{target} {phone}" if "leg" in command else ""

    def _said(self, kind: str, target: str, those: str) -> str:
        key = f"asked.{kind}"
        if key not in words(self._view.language).all:
            return self._view.safe(kind.lower())
        return self._view.text(key, target=target, those=those, leg=those)

    def _timer(self, command: Json) -> str:
        return timer_name(Timer(0, _text(command.get("timer", {}), "name") or "?"), self._view)


def heard(commands: Iterable[Json], view: View) -> list[str]:
    """Return the prompts that *commands* let the caller hear."""
    return [
        prompt_code(_text(each, "token"), view) for each in commands if each.get("is") in ("Play", "Hold")
    ]


def _text(command: Json, name: str) -> str:
    return str(command.get(name, ""))
