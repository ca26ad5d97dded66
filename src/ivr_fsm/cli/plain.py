"""What every view of the journal needs: text that is safe to print, time spans, clocks, outcomes in words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, tzinfo

from rich.console import Console, RenderableType
from rich.text import Text

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.phone import mask_in

WIDTH = 100
"""No line is longer, and what is not a terminal is as wide."""


@dataclass(frozen=True, slots=True)
class View:
    """How a call is shown.

    Attributes:
        zone: the time zone of what is shown; None: the machine's own.
        masked: hide the middle of every phone number.
    """

    zone: tzinfo | None = None
    masked: bool = False

    def local(self, at: datetime) -> datetime:
        """Return *at* in the zone of this view."""
        return at.astimezone(self.zone)

    def begin(self, wall: datetime) -> datetime:
        """Return the moment at which the clocks of this view's zone show *wall*."""
        return wall.astimezone() if self.zone is None else wall.replace(tzinfo=self.zone)

    def safe(self, text: str) -> str:
        """Return a text from outside on one line, without control characters, its phones masked if asked."""
        if not text.isprintable():
            text = "".join(
                sign if sign.isprintable() else " " if sign.isspace() else "\ufffd" for sign in text
            )
        return mask_in(text) if self.masked else text


def screen() -> Console:
    """Return the terminal; a pipe is `WIDTH` wide unless COLUMNS says otherwise."""
    console = Console(highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = WIDTH
    return console


def put(console: Console, shown: RenderableType, width: int) -> None:
    """Print *shown* in *width* columns; into what is not a terminal without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(shown, width=width)
        return
    with console.capture() as captured:
        console.print(shown, width=width)
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.print(Text("\n".join(lines)), soft_wrap=True)


def outcome_words(call: CallEntry) -> str:
    """Return in words how *call* ended, or that it has not."""
    kind, _, where = call.outcome.partition(":")
    words = {
        "refused": f"refused: {call.refused}",
        "lost": f"lost: its end is not known, only that it was in {call.state}",
        "live": f"live, in {call.state}",
        "answered": f"answered by {_TARGETS.get(where, where)}",
        "abandoned": f"abandoned: the caller hung up in {where}",
        "stopped": f"stopped: somebody who watched ended it in {where}",
        "unanswered": "unanswered: nobody could be reached",
        "partner": "a partner shop, sent to the chat",
        "failed": "failed: the connection to the switch was lost",
    }
    return words.get(call.status) or words.get(kind) or call.outcome


def target_words(target: str) -> str:
    """Return who a target is: ``the office``."""
    return _TARGETS.get(target, target)


_TARGETS = {
    "shop": "the shop",
    "office": "the office",
    "call_centre": "the call centre",
    "transfer": "whom the caller was transferred to",
    "customer": "the customer, who was called back",
}
