"""Who may act, and what people are called."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from ivr_fsm.slack.people import MEMBERS_LAST, NAME_LASTS, People, PeopleUnknown
from tests.slack.interactions import ANNA, BORIS, GROUP, Slack, slack


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def there() -> AsyncIterator[Slack]:
    async with slack() as running:
        yield running


def people(there: Slack, *named: str, clock: Clock | None = None) -> People:
    return People(named, there.keys().client(), clock=clock or Clock())


async def test_nobody_named_nobody_may(there: Slack) -> None:
    nobody = people(there)
    assert not nobody.anybody
    assert not await nobody.may(ANNA)
    assert there.calls == []


async def test_users_and_members_of_groups_may(there: Slack) -> None:
    some = people(there, ANNA, GROUP)
    assert some.anybody
    assert await some.may(ANNA)
    assert there.calls == []
    assert await some.may(BORIS)
    assert not await some.may("U03")
    assert there.called("usergroups.users.list") == [{"usergroup": GROUP}]


async def test_who_leaves_a_group_may_not_for_long(there: Slack) -> None:
    clock = Clock()
    group = people(there, GROUP, clock=clock)
    assert await group.may(BORIS)
    there.groups[GROUP] = []
    assert await group.may(BORIS)
    clock.at += MEMBERS_LAST
    assert not await group.may(BORIS)


@pytest.mark.parametrize(
    "answer",
    [
        500,
        {"ok": False, "error": "missing_scope"},
        {"ok": True},
        {"ok": True, "users": "U02BORIS"},
        ["no"],
        3.5,
    ],
)
async def test_a_group_that_cannot_be_looked_up_permits_nobody(there: Slack, answer: object) -> None:
    there.broken["usergroups.users.list"] = answer
    some = people(there, GROUP, ANNA)
    with pytest.raises(PeopleUnknown):
        await some.may(BORIS)
    assert await some.may(ANNA)
    there.broken.clear()
    assert await some.may(BORIS)


async def test_one_group_that_fails_does_not_keep_out_the_members_of_another(there: Slack) -> None:
    some = people(there, GROUP, "S00GONE")
    assert await some.may(BORIS)
    with pytest.raises(PeopleUnknown, match="not_found"):
        await some.may(ANNA)


async def test_what_a_failing_lookup_says_has_no_token(there: Slack) -> None:
    await there.stop()
    with pytest.raises(PeopleUnknown) as raised:
        await people(there, GROUP).may(BORIS)
    assert "SECRET" not in str(raised.value)
    assert "\n" not in str(raised.value)


async def test_names_are_asked_for_once_in_a_while(there: Slack) -> None:
    clock = Clock()
    some = people(there, clock=clock)
    assert await some.name(ANNA) == "Анна"
    there.names[ANNA] = "Анна Петрова"
    assert await some.name(ANNA) == "Анна"
    clock.at += NAME_LASTS
    assert await some.name(ANNA) == "Анна Петрова"
    assert len(there.called("users.info")) == 2


@pytest.mark.parametrize(
    "user",
    [
        None,
        [],
        {},
        {"profile": 5, "name": None},
        {"profile": {"display_name": " ", "real_name": ["x"]}, "real_name": "\n"},
    ],
)
async def test_who_has_no_name_is_called_by_the_id(there: Slack, user: object) -> None:
    there.broken["users.info"] = {"ok": True, "user": user}
    assert await people(there).name(ANNA) == ANNA


async def test_a_name_is_one_short_line(there: Slack) -> None:
    there.names[ANNA] = "<!channel>\n\x1b[31m" + "x" * 500
    name = await people(there).name(ANNA)
    assert name.startswith("<!channel> \ufffd[31m")
    assert len(name) == 80


async def test_a_name_that_was_known_is_kept_when_slack_fails(there: Slack) -> None:
    clock = Clock()
    some = people(there, clock=clock)
    await some.name(ANNA)
    clock.at += NAME_LASTS
    there.broken["users.info"] = 500
    assert await some.name(ANNA) == "Анна"
