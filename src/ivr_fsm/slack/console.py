"""The channel without Slack: what it would show, as text. It is told of the same messages as Slack."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from ivr_fsm.slack.chat import Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.plaintext import plain, unmarked

REMEMBERED = 1000
"""Of so many messages it is known what they say."""


class ConsoleChat:
    """A `Chat` that hands over what happens in it. A message has the name (``ts``) of its call's key."""

    def __init__(self, say: Callable[[int, str], None]) -> None:
        """Show nothing yet.

        Args:
            say: called with the key of a call and with each text of its thread, and with what its message is
                in short whenever that is another.
        """
        self._say = say
        self._texts: OrderedDict[str, str] = OrderedDict()

    async def post(
        self,
        channel: str,  # noqa: ARG002
        message: Message,
        mark: Mark,
        *,
        thread: str = "",
        loud: bool = False,  # noqa: ARG002
    ) -> str:
        """Show a message; see `Chat.post`."""
        if thread:
            self._say(mark.key, plain(message))
            return f"{mark.key} {mark.part}"
        name = str(mark.key)
        self._show(name, message)
        return name

    async def edit(self, channel: str, ts: str, message: Message) -> None:  # noqa: ARG002
        """Show what a message says now; see `Chat.edit`."""
        self._show(ts, message)

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

    def _show(self, name: str, message: Message) -> None:
        if self._texts.get(name) != message.text:
            # What was posted in Slack before, or by another version, has a name that is none of ours.
            self._say(int(name) if name.isdecimal() else 0, unmarked(message.text))
        self._texts[name] = message.text
        self._texts.move_to_end(name)
        if len(self._texts) > REMEMBERED:
            self._texts.popitem(last=False)
