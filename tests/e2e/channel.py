"""Slack, as those who watch have it: the channel with a message for each call, and its buttons.

It is the workspace of tests/slack, in a thread of its own; what is pressed goes to the service over HTTP,
signed, as Slack sends it.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from tests.slack.interactions import ANNA, BORIS, SECRET, Sender
from tests.slack.interactions import press as pressed
from tests.slack.webapi import ORDERS, OTHERS, SHOPS, TOKEN, Json, Sent, WebApi

PEOPLE = {ANNA: "Анна", BORIS: "Борис"}
PATIENCE = 40.0
"""Seconds that a button, or a line of a thread, may take: the service posts one message a second."""

T = TypeVar("T")


class _Workspace(WebApi):
    """A workspace with people in it. It has no limits: those are tested elsewhere, and here calls go on."""

    def __init__(self) -> None:
        super().__init__(limited=False)
        self.whispers: list[tuple[str, str]] = []

    def _answer(self, method: str, given: Json) -> Json:
        match method:
            case "users.info":
                profile = {"display_name": PEOPLE[given["user"]]}
                return {"ok": True, "user": {"id": given["user"], "profile": profile}}
            case "chat.postEphemeral":
                self.whispers.append((PEOPLE[given["user"]], given["text"]))
                return {"ok": True}
        return super()._answer(method, given)


class Channel:
    """What is told of calls, and the people who press buttons there."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._workspace = self._run(self._open())

    @property
    def settings(self) -> Mapping[str, str]:
        """What the service has to be told about it."""
        return {
            "SLACK_API": self._workspace.url,
            "SLACK_TOKEN": TOKEN,
            "SLACK_SIGNING_SECRET": SECRET,
            "SLACK_PEOPLE": ",".join(PEOPLE),
            "SLACK_CHANNEL_ORDER": ORDERS,
            "SLACK_CHANNEL_OTHER": OTHERS,
            "SLACK_CHANNEL_SHOP": SHOPS,
        }

    def press(self, port: int, caller: str, button: str, *people: str) -> None:
        """Have each of *people* press *button* on the message of the call from *caller*, all at once.

        Args:
            port: the service's web server.
            caller: who calls, or called.
            button: its action id.
            people: ids of users.

        Raises:
            TimeoutError: the message has no such button.
        """
        self._run(self._press(f"http://127.0.0.1:{port}/slack/events", caller, button, people))

    def told(self, caller: str, last: str) -> list[str]:
        """Return the lines of the thread of the call from *caller*, as soon as one has *last* in it."""
        return self._run(self._told(caller, last))

    def whispers(self) -> list[tuple[str, str]]:
        """Return what only one person was told: who, and what."""
        return list(self._workspace.whispers)

    def close(self) -> None:
        """End."""
        self._run(self._workspace.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _open(self) -> _Workspace:
        workspace = _Workspace()
        await workspace.start()
        return workspace

    async def _press(self, url: str, caller: str, button: str, people: tuple[str, ...]) -> None:
        value = await _until(lambda: self._value(caller, button), f"{button} for {caller}")
        sender = Sender(url)
        try:
            bodies = [pressed(button, user=person, value=value) for person in people]
            answers = await asyncio.gather(*map(sender.interact, bodies))
        finally:
            await sender.close()
        assert [status for status, _ in answers] == [200] * len(people)

    async def _told(self, caller: str, last: str) -> list[str]:
        def lines() -> list[str]:
            card = self._card(caller)
            found = self._workspace.told(card) if card else []
            return found if any(last in line for line in found) else []

        return await _until(lines, f"{last!r} of {caller}")

    def _card(self, caller: str) -> Sent | None:
        cards = (sent for channel in (ORDERS, OTHERS, SHOPS) for sent in self._workspace.shown(channel))
        return next((card for card in cards if f"+{caller}" in json.dumps(card.message.blocks)), None)

    def _value(self, caller: str, button: str) -> str:
        card = self._card(caller)
        blocks = [block for block in card.message.blocks if block["type"] == "actions"] if card else []
        values = {each["action_id"]: each["value"] for block in blocks for each in block["elements"]}
        return str(values.get(button, ""))

    def _run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(60)


async def _until(look: Any, what: str) -> Any:
    end = asyncio.get_running_loop().time() + PATIENCE
    while not (found := look()):
        if asyncio.get_running_loop().time() > end:
            raise TimeoutError(f"not in the channel: {what}")
        await asyncio.sleep(0.02)
    return found
