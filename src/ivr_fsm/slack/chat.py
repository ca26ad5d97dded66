"""The channel as the projection sees it: a port. Slack is one adapter of it, the console another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ivr_fsm.slack.message import Message


class ChatError(Exception):
    """A message was not taken now.

    Attributes:
        unsure: it may have been taken all the same: the answer was lost.
        retry_after: seconds after which to try again; 0: it was not said.
    """

    def __init__(self, why: str, *, unsure: bool = False, retry_after: float = 0.0) -> None:
        super().__init__(why)
        self.unsure = unsure
        self.retry_after = retry_after


class ChatRefused(Exception):
    """A message will never be taken: the channel is archived, the token was revoked, its blocks are none."""


class ChatGone(ChatRefused):
    """The message that was to be changed, or in whose thread another belongs, was removed by somebody."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a message is known by when nobody knows whether it was sent.

    Attributes:
        key: the call's.
        part: ``card``, or what names one message of its thread.
    """

    key: int
    part: str


class Chat(Protocol):
    """Where messages go. Every method raises `ChatError` or `ChatRefused`."""

    async def post(
        self, channel: str, message: Message, mark: Mark, *, thread: str = "", loud: bool = False
    ) -> str:
        """Post *message* and return its ``ts``.

        Args:
            channel: the channel's id.
            message: what to post.
            mark: what `find` knows it by.
            thread: ``ts`` of the message in whose thread it belongs; empty: into the channel.
            loud: into the thread, and into the channel, too.
        """

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Let *message* stand in the place of the one named *ts*; again: the same."""

    async def find(self, channel: str, mark: Mark, since: datetime, *, thread: str = "") -> str | None:
        """Return the ``ts`` of our message of *mark*, posted at *since* or later; None: there is none."""

    async def close(self) -> None:
        """Let go of connections."""
