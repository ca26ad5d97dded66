"""Calls that are played on the whole service, and what Slack has of them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from ivr_fsm.directory.port import Directory
from ivr_fsm.simulator.observed import Call
from ivr_fsm.slack.plaintext import plain
from tests.demo.test_scenarios import BY_NAME
from tests.scene import Scene, scene
from tests.slack.webapi import ORDERS, OTHERS, SHOPS, TOKEN, Sent, WebApi


@dataclass
class Told:
    """What Slack has of one call that was played to its end."""

    first: str
    """The message as it was posted."""
    last: str
    thread: list[str]
    loud: list[str]
    """What the channel itself was told of the thread."""
    channel: str


@asynccontextmanager
async def told_in_slack(
    folder: Path, phones: Any, directory: Any = None, **more: Any
) -> AsyncIterator[tuple[Scene, WebApi]]:
    api = WebApi(time.time())
    await api.start()
    settings: dict[str, Any] = {
        "slack_token": SecretStr(TOKEN),
        "slack_api": api.url,
        "slack_channel_order": ORDERS,
        "slack_channel_other": OTHERS,
        "slack_channel_shop": SHOPS,
        "web_url": "https://calls.example",
        "web_token": SecretStr("0123456789abcdef"),
        **more,
    }
    async with scene(folder, None, settings.pop("max_calls", 100), phones, directory, **settings) as stage:
        yield stage, api
    await api.stop()
    assert api.refused == []
    assert api.limits
    assert not api.limits.broken


def by_name(name: str) -> tuple[str, str, dict[str, Any]]:
    """Who calls in a scenario of the demo, what they do, and what the phones do."""
    scenario = BY_NAME[name]
    return scenario.caller, scenario.does, dict(scenario.phones)


async def played(
    folder: Path,
    caller: str,
    does: str = "",
    phones: dict[str, Any] | None = None,
    directory: Directory | None = None,
    **more: Any,
) -> Told | None:
    """Play a call to its end and return what was told of it; None: nothing was."""
    async with told_in_slack(folder, phones or {}, directory, **more) as (stage, api):
        call = stage.call(does, caller)
        first = await _first(stage, api, call)
        await call.ended
        await stage.service.live.emptied()
        await asyncio.sleep(30)
        sent = _message(api)
        if sent is None:
            assert api.everything() == []
            return None
        thread = api.thread(sent)
        return Told(
            first,
            plain(sent.message),
            [line for each in thread for line in _lines(each)],
            [line for each in thread if each.broadcast for line in _lines(each)],
            sent.channel,
        )


def _message(api: WebApi) -> Sent | None:
    messages = [sent for sent in api.everything() if not sent.thread]
    assert len(messages) <= 1
    return messages[0] if messages else None


async def _first(stage: Scene, api: WebApi, call: Call) -> str:
    for _ in range(50):
        if sent := _message(api):
            return plain(sent.message)
        await asyncio.sleep(0.1)
    return ""


def _lines(sent: Sent) -> list[str]:
    """The lines of a message in a thread, without their times."""
    return [re.sub(r"^\d\d:\d\d:\d\d  ", "", line) for line in plain(sent.message).splitlines()]


async def of_scenario(folder: Path, name: str, **more: Any) -> Told:
    told = await played(folder, *by_name(name), **more)
    assert told is not None
    return told
