"""The channel put together from settings: with Slack, without, with a Slack that does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ivr_fsm.channel import Channel
from ivr_fsm.flow.caller import Caller
from ivr_fsm.journal.database import open_engine
from ivr_fsm.journal.store import Store
from ivr_fsm.journal.switches import Switch, Switches
from ivr_fsm.journal.writer import Journal
from ivr_fsm.settings import Settings
from ivr_fsm.slack.card import Links
from ivr_fsm.slack.chat import Chat
from tests.flow.clock import NOBODY, ORDER, OTHER, PARTNER
from tests.slack.interactions import FakeDesk
from tests.slack.newsroom import INSTANCE, PLAN, Newsroom, now
from tests.slack.webapi import ORDERS, OTHERS, TOKEN, WebApi, hang, workspace

pytestmark = pytest.mark.virtual

LINKS = Links(lambda call: f"https://calls.example/calls/{call.key}")


class Room(Newsroom):
    """A newsroom whose projection is that of a channel."""

    def __init__(self, url: str, api: WebApi, channel: Channel) -> None:
        self.url, self.api, self.channel = url, api, channel
        self.journal = Journal(Store(open_engine(url)), INSTANCE, now, asyncio.get_running_loop())
        self.projection = channel.projection


@asynccontextmanager
async def channel(folder: Path, chat: Chat | None = None, **more: Any) -> AsyncIterator[Room]:
    async with workspace() as api:
        url = f"sqlite:///{folder}/journal.db"
        known = {"slack_api": api.url, **more}
        settings = Settings.model_construct(journal=url, instance=INSTANCE, **known)
        room = Room(url, api, Channel(settings, FakeDesk(), LINKS, now, chat))
        await room.journal.open(PLAN)
        await room.channel.start()
        try:
            yield room
        finally:
            await room.channel.close()
            await room.journal.close()


def slack(**more: Any) -> dict[str, Any]:
    return {"slack_token": SecretStr(TOKEN), "slack_channel_order": ORDERS, **more}


async def test_without_a_token_it_is_logged_of_each_call_what_slack_would_be_told(tmp_path: Path) -> None:
    with capture_logs() as lines:
        async with channel(tmp_path) as room:
            call = room.in_menu()
            await asyncio.sleep(2)
            call.press("7")
            await asyncio.sleep(2)
            room.call(PARTNER)
            await asyncio.sleep(2)
            assert room.api.asked.total() == 0
            assert room.channel.routes == ()
    said = [(line["key"], line["text"]) for line in lines if line["event"] == "channel"]
    assert said[0] == (call.key, "Иван, Цветы, 10542, +79161234567: В меню")
    assert said[1][1].endswith("Клиент нажал другую кнопку: 7")
    assert len(said) == 3


async def test_with_a_token_it_is_slack_and_what_has_no_channel_is_not_told(tmp_path: Path) -> None:
    async with channel(tmp_path, **slack(slack_channel_other=OTHERS)) as room:
        callers: list[Caller] = [ORDER, OTHER, NOBODY, PARTNER]
        order, *_ = [room.call(caller) for caller in callers]
        await asyncio.sleep(5)
        assert [len(sent) for sent in room.api.channels.values()] == [1, 2, 0]
        assert len(room.untold) == 3
        assert f"https://calls.example/calls/{order.key}|" in str(room.api.shown())


async def test_buttons_are_there_when_somebody_may_press_them(tmp_path: Path) -> None:
    for number, (more, there) in enumerate(
        [
            ({}, False),
            ({"slack_signing_secret": SecretStr("s")}, False),
            ({"slack_people": "U01ANNA"}, False),
            ({"slack_people": "U01ANNA", "slack_signing_secret": SecretStr("s")}, True),
        ]
    ):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        async with channel(folder, **slack(**more)) as room:
            room.in_menu()
            await asyncio.sleep(2)
            [sent] = room.api.shown()
            assert ("actions" in [block["type"] for block in sent.message.blocks]) is there


async def test_reporting_follows_hours_and_switches(tmp_path: Path) -> None:
    partner = {"slack_channel_shop": ORDERS, "slack_hours": "tue 09:00-21:00", "slack_zone": "Europe/Moscow"}
    async with channel(tmp_path, **slack(**partner)) as room:
        # It is Monday.
        room.call(PARTNER)
        await asyncio.sleep(10)
        assert room.api.everything() == []
        Switches(open_engine(room.url)).add(Switch(now(), "on", "Ольга"))
        await asyncio.sleep(10)
        room.call(PARTNER)
        await asyncio.sleep(10)
        assert len(room.api.shown()) == 1
        Switches(open_engine(room.url)).add(Switch(now() + timedelta(seconds=1), "off", "Ольга"))
        await asyncio.sleep(10)
        room.call(PARTNER)
        room.in_menu().press("2")
        await asyncio.sleep(10)
        assert len(room.api.everything()) == 2


async def test_it_begins_and_ends_though_slack_does_not_answer(tmp_path: Path) -> None:
    async with workspace() as dead:
        dead.fail("*", then=hang)
        settings = slack(slack_api=dead.url, slack_app_token=SecretStr("xapp-1-x"), slack_people="U01ANNA")
        begun = now()
        async with channel(tmp_path, **settings) as room:
            assert now() - begun < timedelta(seconds=1)
            room.call()
            await asyncio.sleep(60)
            begun = now()
        assert now() - begun < timedelta(seconds=10)
        assert room.untold


async def test_slack_is_asked_who_we_are_before_there_is_a_call(tmp_path: Path) -> None:
    with capture_logs() as lines:
        async with channel(tmp_path, **slack(slack_channel_other="C09WRONG")):
            await asyncio.sleep(1)
    known, refused = [line for line in lines if line["event"] == "slack"]
    assert (known["log_level"], known["we"]) == ("info", "calls in Shop")
    assert refused["log_level"] == "warning"
    assert "C09WRONG: Slack: channel_not_found" in refused["problem"]


async def test_a_slack_that_hangs_holds_up_neither_start_nor_end(tmp_path: Path) -> None:
    async with channel(tmp_path, **slack()) as room:
        room.api.fail("*", hang, then=hang)
        await asyncio.sleep(0.1)
