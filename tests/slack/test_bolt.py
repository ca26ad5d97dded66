"""Buttons and commands over real HTTP, signed as Slack signs."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from ivr_fsm.call.desk import Answer
from ivr_fsm.settings import Settings
from ivr_fsm.slack import bolt as module
from ivr_fsm.slack.bolt import SlackApp
from ivr_fsm.slack.commands import Asked
from ivr_fsm.slack.modes import PATH
from ivr_fsm.slack.people import People
from ivr_fsm.slack.presses import BUTTONS
from ivr_fsm.watch.words import Words
from ivr_fsm.web.server import WebServer
from tests.docs import DOCS
from tests.slack.interactions import (
    ANNA,
    APP_TOKEN,
    BORIS,
    CHANNEL,
    GROUP,
    KEY,
    SECRET,
    FakeCommands,
    FakeDesk,
    Sender,
    Slack,
    command,
    lines,
    press,
    slack,
)

WORDS = Words("ru")


class Site:
    """A service with the routes of the Slack app, and Slack."""

    def __init__(self, there: Slack, people: Iterable[str]) -> None:
        keys = there.keys(signing_secret=SECRET)
        self.slack = there
        self.desk = FakeDesk()
        self.commands = FakeCommands()
        self.people = People(people, keys.client())
        self.app = SlackApp(keys, self.desk, self.people, self.commands, WORDS)  # type: ignore[arg-type]
        self.server = WebServer("127.0.0.1", 0, self.app.routes())

    async def told(self) -> dict[str, str]:
        """Return what the presser alone is told."""
        [told] = await self.slack.posted("chat.postEphemeral")
        assert self.slack.called("chat.postMessage") == []
        return told


@asynccontextmanager
async def serving(*people: str) -> AsyncIterator[tuple[Site, Sender]]:
    async with slack() as there:
        site = Site(there, people)
        await site.server.start()
        await site.app.start()
        sender = Sender(f"http://127.0.0.1:{site.server.port}{PATH}")
        yield site, sender
        await sender.close()
        await site.app.close()
        await site.server.close()


@pytest.mark.parametrize("button", BUTTONS)
async def test_a_button_reaches_the_desk(button: str) -> None:
    async with serving(ANNA) as (site, sender):
        assert site.app.may_act
        assert (await sender.interact(press(button)))[0] == 200
        await site.desk.answered()
        assert site.desk.asked == [(button, KEY, "Анна")]
        # What was taken the journal tells.
        assert site.slack.called("chat.postEphemeral") == []
        assert site.slack.called("chat.postMessage") == []


async def test_a_press_is_acknowledged_before_the_desk_answers(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ANNA) as (site, sender):
        site.desk.open.clear()
        assert await sender.interact(press()) == (200, "")
        site.desk.open.set()
        await site.desk.answered()
    # slack-bolt complains of what is not acknowledged in its time.
    assert "warning" not in capsys.readouterr().out


@pytest.mark.parametrize("answer", [each for each in Answer if each is not Answer.TAKEN])
async def test_what_cannot_be_done_is_told_to_the_presser_alone(answer: Answer) -> None:
    async with serving(ANNA) as (site, sender):
        site.desk.answer = answer
        await sender.interact(press("call_back"))
        told = await site.told()
        assert (told["user"], told["channel"]) == (ANNA, CHANNEL)
        assert told["text"] == WORDS.text(f"answers.{answer}")


@pytest.mark.parametrize("people", [(), (BORIS,), (GROUP,)])
async def test_who_is_not_on_the_list_may_not(people: tuple[str, ...]) -> None:
    async with serving(*people) as (site, sender):
        assert site.app.may_act is bool(people)
        await sender.interact(press())
        told = await site.told()
        assert (told["user"], told["text"]) == (ANNA, WORDS.text("answers.forbidden"))
        assert site.desk.asked == []


async def test_members_of_a_group_may() -> None:
    async with serving(GROUP) as (site, sender):
        await sender.interact(press(user=BORIS))
        await site.desk.answered()
        assert site.desk.asked == [("stop", KEY, "Борис")]


async def test_a_group_that_cannot_be_looked_up_permits_nobody() -> None:
    async with serving(GROUP) as (site, sender):
        site.slack.broken["usergroups.users.list"] = 500
        await sender.interact(press(user=BORIS))
        assert (await site.told())["text"] == WORDS.text("commands.unsure")
        assert site.desk.asked == []


async def test_a_press_that_is_sent_again_acts_once() -> None:
    async with serving(ANNA) as (site, sender):
        same = press()
        for number in range(3):
            retry = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"}
            assert (await sender.interact(same, **retry))[0] == 200
        await sender.interact(press())
        await site.desk.answered(2)
        assert len(site.desk.asked) == 2


HOSTILE: list[Any] = [
    press(value="<!channel>"),
    press(value=""),
    press(value="-1"),
    press(value="٣"),
    press(value="1" * 19 + "0"),
    press(value=str(2**63)),
    press(value=None),
    press(value=12),
    press(value={"a": 1}),
    press(user="U01 <@U02>"),
    press(user=None),
    press(user="U01ANNA\n"),
    press(channel={"id": "C01\n"}),
    press(channel=None),
    press(trigger_id=None),
    press(trigger_id=""),
    press(actions=press()["actions"] * 2),
]


@pytest.mark.parametrize("payload", HOSTILE)
async def test_a_press_of_another_shape_is_one_line_of_the_log(
    payload: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    async with serving(ANNA) as (site, sender):
        assert (await sender.interact(payload))[0] in (200, 400)
        # What comes next is served, and what came before has been judged by then.
        await sender.interact(press("done"))
        await site.desk.answered()
        assert [what for what, _, _ in site.desk.asked] == ["done"]
    printed = capsys.readouterr().out
    refused = [line for line in printed.splitlines() if "slack request" in line or "press refused" in line]
    assert len(refused) == 1, printed
    assert "Traceback" not in printed


@pytest.mark.parametrize(
    "payload",
    [
        press(actions=None),
        press(actions="stop"),
        press(actions=[]),
        press(actions=[1]),
        press(actions={"0": press()}),
        {"type": "block_actions"},
        {"type": 5, "actions": [{"action_id": ["stop"]}]},
        {"user": "U01", "team": 3, "authorizations": 7},
        [],
        "stop",
        None,
        {"type": "view_submission", "view": {"callback_id": "x"}},
    ],
)
async def test_what_is_no_press_at_all_does_nothing(payload: Any, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ANNA) as (site, sender):
        assert (await sender.interact(payload))[0] in (200, 400)
        assert site.desk.asked == []
        assert "chat.postMessage" not in dict(site.slack.calls)
    printed = capsys.readouterr().out
    assert "Traceback" not in printed
    assert len([line for line in printed.splitlines() if "slack request" in line]) <= 1


@pytest.mark.parametrize("body", ["payload=%7B", "payload=", "{", "\x00", "payload=" + "[" * 5000, ""])
async def test_what_cannot_even_be_read(body: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ANNA) as (site, sender):
        assert (await sender.post(body))[0] in (200, 400)
        assert site.desk.asked == []
    assert "Traceback" not in capsys.readouterr().out


async def test_other_buttons_and_links_are_not_ours(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ANNA) as (site, sender):
        capsys.readouterr()
        assert (await sender.interact(press("open_recording", value=None)))[0] == 200
        assert site.desk.asked == []
    assert capsys.readouterr().out == ""


async def test_a_command_is_answered_to_who_asked() -> None:
    async with serving(ANNA) as (site, sender):
        status, body = await sender.command(command("calls"))
        assert status == 200
        answer = json.loads(body) if body.startswith("{") else {"text": body}
        assert answer["text"] == "asked: calls"
        assert answer.get("response_type", "ephemeral") == "ephemeral"
        assert site.commands.asked == [Asked("calls", ANNA, CHANNEL)]


async def test_a_command_whose_answer_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    async with serving(ANNA) as (site, sender):
        site.commands.open.clear()
        status, body = await sender.command(command("calls"))
        assert (status, body) == (200, WORDS.text("commands.slow"))
        assert len(site.commands.asked) == 1


@pytest.mark.parametrize(
    "given",
    [
        command(user="<!channel>"),
        command(user=""),
        command(channel="../x"),
        command("x" * 1001),
        {"command": "/ivr"},
    ],
)
async def test_a_command_of_another_shape(given: Any, capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ANNA) as (site, sender):
        assert (await sender.command(given))[0] == 200
        assert site.commands.asked == []
    printed = capsys.readouterr().out
    assert len(list(lines(printed, "slack command refused"))) == 1
    assert "Traceback" not in printed


async def test_a_command_of_somebody_else_is_not_ours() -> None:
    async with serving(ANNA) as (site, sender):
        assert (await sender.command(command("calls", command="/other")))[0] == 200
        assert site.commands.asked == []


async def test_a_slack_that_takes_no_answer_costs_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    async with serving(ANNA) as (site, sender):
        site.desk.answer = Answer.OVER
        site.slack.broken["chat.postEphemeral"] = 500
        site.slack.broken["users.info"] = ["no", "object"]
        await sender.interact(press())
        await site.slack.posted("chat.postEphemeral")
        del site.slack.broken["chat.postEphemeral"]
        await sender.interact(press())
        await site.slack.posted("chat.postEphemeral", 2)
        # By their ids they are known, whatever they are called.
        assert site.desk.asked == [("stop", KEY, ANNA)] * 2
    printed = capsys.readouterr().out
    assert len(list(lines(printed, "slack answer not posted"))) == 1
    assert "Traceback" not in printed
    assert "SECRET" not in printed


async def test_a_desk_that_fails_ends_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(ANNA) as (site, sender):

        async def fail(*_: object) -> Answer:
            raise RuntimeError("broken")

        monkeypatch.setattr(site.desk, "stop", fail)
        assert (await sender.interact(press("stop")))[0] == 200
        await sender.interact(press("done"))
        await site.desk.answered()
    printed = capsys.readouterr().out
    assert len(list(lines(printed, "slack request failed"))) == 1
    assert "Traceback" not in printed


async def test_the_environment_of_slacks_own_tools_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BOT_TOKEN", "SIGNING_SECRET", "APP_TOKEN", "CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"SLACK_{name}", "xoxb-another")
    async with serving(ANNA) as (site, sender):
        await sender.interact(press())
        await site.desk.answered()


def test_keys_are_not_shown() -> None:
    assert "SECRET" not in repr(Slack().keys(app_token=APP_TOKEN, signing_secret="SECRET"))


def test_the_manifest_asks_for_what_is_used_and_no_more() -> None:
    manifest = yaml.safe_load((DOCS / "slack-manifest.yaml").read_text("utf-8"))
    assert [each["command"] for each in manifest["features"]["slash_commands"]] == [module.COMMAND]
    assert manifest["settings"]["interactivity"]["is_enabled"]
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == {
        "chat:write",
        "commands",
        "channels:history",
        "groups:history",
        "users:read",
        "usergroups:read",
    }


def test_the_page_tells_of_every_setting() -> None:
    page = set(re.findall(r"IVR_SLACK_[A-Z_]*[A-Z]", (DOCS / "slack.md").read_text("utf-8")))
    assert page == {f"IVR_{name.upper()}" for name in Settings.model_fields if name.startswith("slack_")}
