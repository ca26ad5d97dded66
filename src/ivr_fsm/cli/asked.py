"""What a call asked for, in words: its commands, and whose phone each leg is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ivr_fsm.cli.wording import PROMPTS, prompt, timer_name
from ivr_fsm.flow.events import Timer
from ivr_fsm.journal.codec import Json

TIMERS = {"StartTimer", "CancelTimer"}


class Legs:
    """The legs that a call has dialed so far, and which of them it has released."""

    def __init__(self) -> None:
        self._whose: dict[str, tuple[str, str]] = {}
        self.released: set[str] = set()
        self._explained: set[str] = set()

    def note(self, commands: Iterable[Json]) -> None:
        """Keep what *commands* say of legs."""
        for command in commands:
            if command.get("is") == "Dial":
                target = _text(command, "target").replace("_", " ")
                self._whose[_text(command, "leg")] = target, _text(command, "phone")
            elif command.get("is") == "Release":
                self.released.add(_text(command, "leg"))

    def words(self, commands: Iterable[Json]) -> str:
        """Return *commands* in a few words: ``ring shop 74951110001, 74951110002; play FW6``."""
        asked = [self._verb(command) for command in commands]
        return "; ".join(
            f"{verb} {', '.join(each for _, each in group)}".rstrip()
            for verb, group in groupby(asked, key=lambda each: each[0])
        )

    def titled(self, code: str) -> str:
        """Return a prompt's code, the first time with what it is about: ``FW1 (greeting)``."""
        if code in self._explained or code not in PROMPTS:
            return code
        self._explained.add(code)
        return f"{code} ({PROMPTS[code]})"

    def _verb(self, command: Json) -> tuple[str, str]:
        """Return what is asked and of whom: the same verb several times is said once."""
        kind = str(command.get("is", "?"))
        target, phone = self._whose.get(_text(command, "leg"), ("leg", "?"))
        match kind:
            case "Dial" | "Release":
                return f"{'ring' if kind == 'Dial' else 'release'} {target}", phone
            case "Play" | "Prepare":
                return kind.lower(), self.titled(_text(command, "code"))
            case "Tell":
                return "report", _text(command, "what").replace("_", " ")
            case "StartTimer" | "CancelTimer":
                return _timer(command)
        return _SIMPLE.get(kind, kind.lower()).format(leg=f"{target} {phone}"), ""


def _timer(command: Json) -> tuple[str, str]:
    timer = command.get("timer", {})
    name = timer_name(Timer(0, _text(timer, "name") or "?"))
    if command["is"] == "CancelTimer":
        return "cancel the timer of", name
    return f"{name} after {float(command.get('after', 0)):g} s", ""


def heard(commands: Iterable[Json]) -> list[str]:
    """Return the prompts that *commands* let the caller hear."""
    return [prompt(_text(each, "token")) for each in commands if each.get("is") in ("Play", "Hold")]


def _text(command: Json, name: str) -> str:
    return str(command.get(name, ""))


_SIMPLE = {
    "Ring": "let the caller hear ringing",
    "Identify": "ask the marketplace who calls",
    "Answer": "answer",
    "Hold": "play ringing",
    "WhoAnswers": "ask the marketplace who is at {leg}",
    "StopPrompt": "stop what plays",
    "Announce": "tell {leg} who calls",
    "Bridge": "connect with {leg}",
    "Record": "record",
    "Hangup": "hang up",
}
