"""Slack's settings are checked together, before the service starts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from ivr_fsm.cli import app
from ivr_fsm.settings import Settings

BOT = {"slack_token": "xoxb-1-secret", "slack_channel_order": "C0123ABCDEF"}


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))


def settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    for name, value in given.items():
        monkeypatch.setenv(f"IVR_{name.upper()}", value)
    return Settings()


def test_nothing_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch)
    assert (found.slack_channels, found.slack_permitted, found.reporting_hours) == ({}, (), None)


def test_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(
        monkeypatch,
        **BOT,
        slack_channel_shop="G0123ABCDEF",
        slack_app_token="xapp-1-secret",
        slack_signing_secret="0123456789abcdef",
        slack_people="U01ABC, S02DEF,",
        slack_hours="mon-fri 09:00-21:00; sat 10:00-18:00",
    )
    assert found.slack_channels == {"order": "C0123ABCDEF", "partner": "G0123ABCDEF"}
    assert found.slack_permitted == ("U01ABC", "S02DEF")
    assert found.reporting_hours is not None
    assert found.reporting_hours.is_open(datetime(2026, 11, 23, 6, tzinfo=UTC))
    assert not found.reporting_hours.is_open(datetime(2026, 11, 23, 5, 59, tzinfo=UTC))
    assert "-secret" not in repr(found)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"slack_token": "xoxb-1"}, "has no channel: set IVR_SLACK_CHANNEL_ORDER, _OTHER or _SHOP"),
        ({**BOT, "journal": "none"}, "IVR_JOURNAL must not be none"),
        ({**BOT, "slack_token": "xapp-1-secret"}, "must be the bot token"),
        ({**BOT, "slack_token": "xoxb-1 secret"}, "must be one word of ASCII signs"),
        ({**BOT, "slack_app_token": "xoxb-1-secret"}, "must be the app-level token"),
        ({"slack_app_token": "xapp-1-secret"}, "is of no use without the bot token, IVR_SLACK_TOKEN"),
        ({"slack_signing_secret": "0123456789"}, "is of no use without the bot token, IVR_SLACK_TOKEN"),
        ({"slack_channel_other": "#calls"}, "must be a channel's id like C0123ABCDEF"),
        ({"slack_people": "U01ABC,anna"}, "'anna' is no id of a user"),
        ({"slack_hours": "daily"}, "'daily' is not like"),
        ({"slack_hours": "mon 09:00-18:00, tue 09:00-18:00"}, "two lines have a semicolon between them"),
        ({"slack_zone": "Moscow"}, "'Moscow' is not a time zone"),
        ({"slack_api": "slack.com"}, "must be an address"),
    ],
)
def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(monkeypatch, **given)
    [mistake] = raised.value.errors()
    assert said in mistake["msg"]
    assert mistake["loc"][0] in given


def test_a_mistake_is_one_line_without_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**BOT, "slack_app_token": "xoxb-other-secret"}.items():
        monkeypatch.setenv(f"IVR_{name.upper()}", value)
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code != 0
    assert "✗ IVR_SLACK_APP_TOKEN: must be the app-level token" in result.output
    assert "secret" not in result.output
