"""The buttons of a call's message: what can be done about it now."""

from __future__ import annotations

from typing import Any

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.slack.message import Block
from ivr_fsm.slack.mrkdwn import plain_text
from ivr_fsm.story.doable import doable
from ivr_fsm.watch.words import Words

LABEL = 75
"""The longest text of a button."""


def buttons(call: CallEntry, words: Words) -> Block | None:
    """Return the buttons of *call*, or nothing: nothing can be done about it."""
    made = [_button(name, call, words) for name in doable(call)]
    return {"type": "actions", "elements": made} if made else None


def _button(name: str, call: CallEntry, words: Words) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": name,
        "text": plain_text(words.text(f"buttons.{name}"), LABEL),
        "value": str(call.key),
    }
    if name == "call_back":
        button["style"] = "primary"
    if name == "stop":
        button["style"] = "danger"
        button["confirm"] = {
            "title": plain_text(words.text("confirm.title"), 100),
            "text": plain_text(words.text("confirm.text"), 300),
            "confirm": plain_text(words.text("confirm.yes"), 30),
            "deny": plain_text(words.text("confirm.no"), 30),
            "style": "danger",
        }
    return button
