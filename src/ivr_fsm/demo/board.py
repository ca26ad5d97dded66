"""A channel on a board: what Slack would show, with all that each message has ever said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from secrets import token_hex
from typing import Literal

from ivr_fsm.slack.chat import Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.plaintext import plain

News = Literal["posted", "edited", "thread", "loud"]
"""What happened: a message, its edit, a line of its thread, or one of which the channel itself is told."""


@dataclass
class Pinned:
    """A message of the channel.

    Attributes:
        channel: where it is.
        versions: what it has said, each with when it began to: the loop's time in seconds.
        thread: what stands in its thread, each with whether the channel itself was told.
    """

    channel: str
    versions: list[tuple[float, Message]]
    thread: list[tuple[Message, bool]] = field(default_factory=list)

    @property
    def message(self) -> Message:
        """What it says now."""
        return self.versions[-1][1]


class Board:
    """A `Chat` that keeps everything, and hands over what is new.

    Attributes:
        pinned: the messages, in their order.
    """

    def __init__(self, say: Callable[[News, Sequence[str]], None] = lambda _news, _lines: None) -> None:
        """Show nothing yet.

        Args:
            say: gets what happened, and its lines: of an edit those that were not there before.
        """
        self._say = say
        # The journal may tell of messages that stand on another board.
        self._name = token_hex(4)
        self.pinned: list[Pinned] = []

    async def post(
        self,
        channel: str,
        message: Message,
        mark: Mark,  # noqa: ARG002
        *,
        thread: str = "",
        loud: bool = False,
    ) -> str:
        """Pin a message; see `Chat.post`."""
        lines = plain(message).splitlines()
        if not thread:
            self.pinned.append(Pinned(channel, [(_now(), message)]))
            self._say("posted", lines)
            return f"{self._name}.{len(self.pinned)}"
        if pinned := self._at(thread):
            pinned.thread.append((message, loud))
            self._say("loud" if loud else "thread", lines)
        return f"{thread}.{len(pinned.thread) if pinned else 0}"

    async def edit(self, channel: str, ts: str, message: Message) -> None:  # noqa: ARG002
        """Let a message say something else; see `Chat.edit`."""
        if not (pinned := self._at(ts)):
            return
        before = plain(pinned.message).splitlines()
        pinned.versions.append((_now(), message))
        self._say("edited", [line for line in plain(message).splitlines() if line not in before])

    async def find(
        self,
        channel: str,  # noqa: ARG002
        mark: Mark,  # noqa: ARG002
        since: datetime,  # noqa: ARG002
        *,
        thread: str = "",  # noqa: ARG002
    ) -> str | None:
        """Find nothing: no answer of a board is ever lost."""
        return None

    async def close(self) -> None:
        """Nothing is open."""

    def _at(self, ts: str) -> Pinned | None:
        name, _, number = ts.partition(".")
        return self.pinned[int(number) - 1] if name == self._name else None


def _now() -> float:
    return asyncio.get_running_loop().time()
