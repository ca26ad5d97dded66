"""The log of steps: one structured line for each, and what Slack would be told beside it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog

from ivr_fsm.flow.commands import Command, Tell
from ivr_fsm.flow.step import Step
from ivr_fsm.watch.words import Words

log = structlog.get_logger("ivr_fsm.call")


class StepLog:
    """A watcher (`ivr_fsm.call.ports.Watcher`) that logs."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def stepped(self, call_id: str, number: int, step: Step, at: datetime) -> None:
        """Log the step, then each thing that watchers are told."""
        log.info(
            "step",
            call=call_id,
            number=number,
            at=at.isoformat(timespec="milliseconds"),
            before=step.before,
            after=step.after,
            reason=step.reason,
            commands=[brief(command) for command in step.commands if not isinstance(command, Tell)],
        )
        for command in step.commands:
            if isinstance(command, Tell):
                log.info(
                    "tell", call=call_id, number=number, what=command.what, text=self._words.say(command)
                )


def brief(command: Command) -> str:
    """Return a command in a few words, for a log line: ``Play FW1-1``, ``StartTimer limit 28``."""
    said: list[Any] = []
    for name in command.__dataclass_fields__:
        value = getattr(command, name)
        if name == "timer":
            said.append(value.name)
        elif name not in ("facts", "code") and value not in ("", ()):
            said.append(value if not isinstance(value, tuple) else " ".join(value))
    return " ".join(
        [type(command).__name__, *(f"{part:g}" if isinstance(part, float) else str(part) for part in said)]
    )
