"""A web server that anybody could listen at is refused before it starts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ivr_fsm.settings import Settings

TOKEN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))


def settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    for name, value in given.items():
        monkeypatch.setenv(f"IVR_{name.upper()}", value)
    return Settings()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "calls.example"])
def test_only_this_machine_without_a_token(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with pytest.raises(
        ValidationError, match=r"must be 127\.0\.0\.1 or ::1 without IVR_WEB_TOKENS, IVR_WEB_TOKEN or"
    ):
        settings(monkeypatch, web_host=host)
    assert settings(monkeypatch, web_host=host, web_token=TOKEN).web_host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_this_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert settings(monkeypatch, web_host=host).web_host == host


@pytest.mark.parametrize("token", ["short", "0123456789 abcdef", "0123456789abcdé"])
def test_a_token_that_can_be_guessed_or_sent_by_nobody(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    with pytest.raises(ValidationError, match="web_token"):
        settings(monkeypatch, web_token=token, web_host="0.0.0.0")


@pytest.mark.parametrize("url", ["calls.example", "ftp://calls.example", "https://user:secret@calls.example"])
def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    with pytest.raises(ValidationError, match="web_url"):
        settings(monkeypatch, web_url=url)


def test_two_servers_at_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="is IVR_PORT, too"):
        settings(monkeypatch, port="8085")
    assert settings(monkeypatch, port="0", web_port="0").web_port == 0
