"""What Slack says before there is a call to tell."""

from __future__ import annotations

import pytest

from ivr_fsm.slack.bolt import Keys
from ivr_fsm.slack.inquiry import Found, inquire
from tests.slack.webapi import APP_TOKEN, ORDERS, OTHERS, TOKEN, WebApi, answers, hang, refuses, workspace

pytestmark = pytest.mark.virtual


async def asked(api: WebApi, token: str = TOKEN, app_token: str = "", *channels: str) -> Found:
    return await inquire(Keys(token, app_token, api=api.url), channels or (ORDERS, OTHERS))


async def test_all_is_well() -> None:
    async with workspace() as api:
        assert await asked(api, app_token=APP_TOKEN) == Found("calls in Shop", ())
        assert api.asked == {"auth.test": 1, "conversations.history": 2, "apps.connections.open": 1}
        assert api.everything() == []


async def test_a_token_that_slack_does_not_know() -> None:
    async with workspace() as api:
        found = await asked(api, "xoxb-of-somebody-else")
        assert found == Found(
            "",
            (
                "IVR_SLACK_TOKEN: Slack: token_revoked; IVR_SLACK_TOKEN was revoked: install the app again"
                " and set the new one",
            ),
        )
        assert api.asked == {"auth.test": 1}


async def test_each_channel_that_is_closed_to_us_is_named() -> None:
    async with workspace() as api:
        api.fail(f"conversations.history {OTHERS}", refuses("not_in_channel"))
        found = await asked(api, TOKEN, "", "C09WRONG", OTHERS, ORDERS)
    assert found.problems == (
        "IVR_SLACK_CHANNEL_…: C09WRONG: Slack: channel_not_found; set the channel's id, and invite the app if"
        " it is private",
        f"IVR_SLACK_CHANNEL_…: {OTHERS}: Slack: not_in_channel; invite the app into the channel: /invite",
    )


async def test_an_app_level_token_that_is_none() -> None:
    async with workspace() as api:
        found = await asked(api, app_token="xapp-wrong")
    assert found.who
    assert found.problems == (
        "IVR_SLACK_APP_TOKEN: Slack: invalid_auth; IVR_SLACK_APP_TOKEN is no token that Slack knows",
    )


async def test_a_slack_that_does_not_answer() -> None:
    async with workspace() as api:
        api.fail("auth.test", hang, answers(503, "upstream"), then=answers())
        for why in ("no answer within 10 s", "Slack answers 503", "Slack answers 200"):
            [problem] = (await asked(api)).problems
            assert why in problem
            assert problem.endswith("; whether the settings for it are right is not known")
    [problem] = (await asked(api)).problems
    assert "Slack is out of reach" in problem
