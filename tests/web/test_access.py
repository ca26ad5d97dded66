"""Who may read: by token, by signed link, or from this machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from ivr_fsm.web.access import Access
from ivr_fsm.web.guard import is_loopback
from ivr_fsm.web.people import Right

TOKEN = "0123456789abcdef"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PATH = "/recordings/0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11.wav"
DAY = timedelta(days=1)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at


def passes(access: Access, path: str, **headers: str) -> bool:
    try:
        access.require_or_link(
            make_mocked_request("GET", path, headers={"Host": "calls.example", **headers}), Right.LISTEN
        )
    except web.HTTPException as error:
        assert error.status in (401, 403)
        return False
    return True


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (f"Bearer {TOKEN}", True),
        (f"Bearer {TOKEN}x", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Basic {TOKEN}", False),
        (TOKEN, False),
        ("Bearer ", False),
        ("Bearer é", False),
        ("", False),
    ],
)
def test_the_token(given: str, passed: bool) -> None:
    assert passes(Access(TOKEN, Clock()), PATH, Authorization=given) is passed


def test_a_link_lets_read_what_it_names_until_it_expires() -> None:
    clock = Clock()
    access = Access(TOKEN, clock)
    link = access.signed(PATH, DAY)
    assert TOKEN not in link
    assert passes(access, link)
    query = urlsplit(link).query
    assert not passes(access, f"{PATH.replace('0f7e', '0f7f')}?{query}")
    clock.at += DAY
    assert passes(access, link)
    clock.at += timedelta(seconds=1)
    assert not passes(access, link)


@pytest.mark.parametrize(
    "spoilt", ["expires=1", "expires=", "expires=99999999999", "signature=", "signature=é"]
)
def test_a_link_that_was_changed_is_none(spoilt: str) -> None:
    access = Access(TOKEN, Clock())
    name = spoilt.partition("=")[0]
    query = urlsplit(access.signed(PATH, DAY)).query.split("&")
    changed = [spoilt if each.startswith(f"{name}=") else each for each in query]
    assert not passes(access, f"{PATH}?{'&'.join(changed)}")


def test_a_link_of_another_token_is_none() -> None:
    assert not passes(Access(TOKEN, Clock()), Access(TOKEN[::-1], Clock()).signed(PATH, DAY))


@pytest.mark.parametrize(
    ("host", "passed"),
    [
        ("127.0.0.1:8085", True),
        ("localhost:8085", True),
        ("[::1]:8085", True),
        ("calls.example", False),
        ("127.0.0.1.example", False),
        ("localhost.example:80", False),
        ("[::1", False),
        ("", False),
    ],
)
def test_without_a_token_only_this_machine(host: str, passed: bool) -> None:
    """A proxy before it, or a page of another site with a name for this machine, has another host."""
    access = Access("", Clock())
    assert access.signed(PATH, DAY) == PATH
    assert passes(access, PATH, Host=host) is passed


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example", "127.0.0.1 "])
def test_what_others_can_reach_is_no_loopback(host: str) -> None:
    assert not is_loopback(host)
