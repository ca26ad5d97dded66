"""The channel without Slack: what it would show, as text. It is told of the same messages as Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from ivr_fsm.slack.chat import Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.plaintext import plain

REMEMBERED = 1000
"""So many messages are known."""


@dataclass(slots=True)
class Shown:
    """A message of the channel as it stands now, with its thread."""

    message: Message
    thread: list[Message] = field(default_factory=list)


class ConsoleChat:
    """A `Chat` that hands over what happens in it, line by line.

    Attributes:
        shown: what the channel shows, by the name (``ts``) of each message.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        """Show nothing yet; *say* is called with each text of the thread, and when a message says another."""
        self._say = say
        self._names = count(1)
        self.shown: dict[str, Shown] = {}

    async def post(
        self,
        channel: str,  # noqa: ARG002
        message: Message,
        mark: Mark,  # noqa: ARG002
        *,
        thread: str = "",
        loud: bool = False,  # noqa: ARG002
    ) -> str:
        """Show a message; see `Chat.post`."""
        name = f"{next(self._names)}"
        if thread in self.shown:
            self.shown[thread].thread.append(message)
            self._say(plain(message))
        else:
            self.shown[name] = Shown(message)
            if len(self.shown) > REMEMBERED:
                del self.shown[next(iter(self.shown))]
            self._say(message.text)
        return name

    async def edit(self, channel: str, ts: str, message: Message) -> None:  # noqa: ARG002
        """Show what a message says now; see `Chat.edit`."""
        shown = self.shown.setdefault(ts, Shown(message))
        if shown.message.text != message.text:
            self._say(message.text)
        shown.message = message

    async def find(
        self,
        channel: str,  # noqa: ARG002
        mark: Mark,  # noqa: ARG002
        since: datetime,  # noqa: ARG002
        *,
        thread: str = "",  # noqa: ARG002
    ) -> str | None:
        """Find nothing: what an earlier life of the service has shown is not known."""
        return None

    async def close(self) -> None:
        """Nothing is open."""
