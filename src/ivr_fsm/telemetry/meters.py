"""The marketplace and the channel with a meter before them: what is asked, how long it takes, what fails."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from ivr_fsm.directory.port import Answerer, CallRecord, Directory, RecordRefused
from ivr_fsm.flow.caller import Caller
from ivr_fsm.slack.chat import Chat, ChatError, ChatRefused, Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.telemetry.metrics import Metrics


class MeteredDirectory:
    """A `Directory` that asks another one."""

    def __init__(self, directory: Directory, metrics: Metrics) -> None:
        self._directory = directory
        self._metrics = metrics

    async def identify(self, phone: str) -> Caller:
        """Say who calls; see `Directory.identify`."""
        with self._metered("identify"):
            return await self._directory.identify(phone)

    async def who_answers(self, phone: str) -> Answerer:
        """Say who is at a number; see `Directory.who_answers`."""
        with self._metered("who_answers"):
            return await self._directory.who_answers(phone)

    async def call_ended(self, record: CallRecord) -> None:
        """Hand over the record of a call; see `Directory.call_ended`."""
        with self._metered("call_ended"):
            await self._directory.call_ended(record)

    async def close(self) -> None:
        """Let go of connections."""
        await self._directory.close()

    @contextmanager
    def _metered(self, question: str) -> Iterator[None]:
        clock = asyncio.get_running_loop().time
        began, result = clock(), "failed"
        try:
            yield
            result = "ok"
        except RecordRefused:
            result = "refused"
            raise
        finally:
            # Who lost patience with it has cancelled the question: that is a failure, too.
            self._metrics.marketplace.labels(question, result).inc()
            self._metrics.marketplace_time.labels(question).observe(clock() - began)


class MeteredChat:
    """A `Chat` that hands on to another one."""

    def __init__(self, chat: Chat, metrics: Metrics) -> None:
        self._chat = chat
        self._metrics = metrics

    async def post(
        self, channel: str, message: Message, mark: Mark, *, thread: str = "", loud: bool = False
    ) -> str:
        """Post *message*; see `Chat.post`."""
        with self._metered("post"):
            return await self._chat.post(channel, message, mark, thread=thread, loud=loud)

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Edit a message; see `Chat.edit`."""
        with self._metered("edit"):
            await self._chat.edit(channel, ts, message)

    async def find(self, channel: str, mark: Mark, since: datetime, *, thread: str = "") -> str | None:
        """Look for a message; see `Chat.find`."""
        with self._metered("find"):
            return await self._chat.find(channel, mark, since, thread=thread)

    async def close(self) -> None:
        """Let go of connections."""
        await self._chat.close()

    @contextmanager
    def _metered(self, method: str) -> Iterator[None]:
        result = "failed"
        try:
            yield
            result = "ok"
        except ChatRefused:
            result = "refused"
            raise
        except ChatError as error:
            result = "limited" if error.retry_after else "failed"
            raise
        finally:
            self._metrics.slack.labels(method, result).inc()
