"""The buttons of a call's message: what can be done about it now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.slack.message import Block
from ivr_fsm.slack.mrkdwn import plain_text
from ivr_fsm.watch.words import Words

LABEL = 75
"""The longest text of a button."""

_BOTH = ("send_office", "send_call_centre")
_SENDS = {
    "greeting": _BOTH,
    "menu": _BOTH,
    "partner_notice": _BOTH,
    "dialing_shop": _BOTH,
    "dialing_office": ("send_call_centre",),
    "dialing_call_centre": ("send_office",),
}
"""Where a caller can be sent on, and to whom."""

_UNHELPED = frozenset({"unanswered", "abandoned", "failed", "lost"})
"""Outcomes after which somebody should call back."""


def buttons(call: CallEntry, words: Words) -> Block | None:
    """Return the buttons of *call*, or nothing: nothing can be done about it."""
    made = [_button(name, call, words) for name in _wanted(call)]
    return {"type": "actions", "elements": made} if made else None


def _wanted(call: CallEntry) -> Iterator[str]:
    if call.status == "live":
        yield from _SENDS.get(call.state, ())
        yield "stop"
    elif call.status.partition(":")[0] in _UNHELPED and call.done is None:
        if call.phone and call.claimed is None:
            yield "call_back"
        yield "done"


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
