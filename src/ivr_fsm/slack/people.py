"""Who may act in the channel, and what people are called."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import structlog
from aiohttp import ClientError
from slack_sdk.errors import SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from ivr_fsm.slack.checks import GROUP
from ivr_fsm.slack.sdklog import plain

MEMBERS_LAST = 300.0
"""Seconds for which the members of a group are known."""

NAME_LASTS = 3600.0
"""Seconds for which a name is known."""

MOST_NAMES = 1000
LONGEST_NAME = 80

ANSWER = 5.0
"""Seconds that Slack may take to say who is in a group."""

NAME_ANSWER = 1.0
"""Seconds that it may take to say a name: a button waits for that."""

log = structlog.get_logger(__name__)


class PeopleUnknown(Exception):
    """Slack does not say who is in a group; the message says why."""


class People:
    """The people who may act: users by their ids (``U…``) and members of user groups (``S…``).

    With nobody named nobody may. A group whose members cannot be looked up permits nobody.
    """

    def __init__(
        self, named: Iterable[str], client: AsyncWebClient, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Look nothing up yet.

        Args:
            named: ids of users and of user groups.
            client: asks Slack.
            clock: seconds of a clock that never goes back.
        """
        ids = frozenset(named)
        self._groups = sorted(each for each in ids if re.fullmatch(GROUP, each))
        self._users = ids.difference(self._groups)
        self._client = client
        self._clock = clock
        self._members: dict[str, tuple[float, frozenset[str]]] = {}
        self._names: OrderedDict[str, tuple[float, str]] = OrderedDict()

    @property
    def anybody(self) -> bool:
        """Whether there can be somebody who may act."""
        return bool(self._users or self._groups)

    async def may(self, user: str) -> bool:
        """Say whether *user* may act.

        Raises:
            PeopleUnknown: that depends on a group of which Slack tells nothing now.
        """
        if user in self._users:
            return True
        unknown = None
        for group in self._groups:
            try:
                if user in await self._members_of(group):
                    return True
            except PeopleUnknown as error:
                unknown = error
        if unknown:
            raise unknown
        return False

    async def name(self, user: str) -> str:
        """Return what *user* is called, in one line of plain text; the id when Slack does not tell."""
        found = self._names.get(user)
        if found and found[0] > self._clock():
            return found[1]
        try:
            name = _name(await self._ask(self._client.users_info(user=user), "user", NAME_ANSWER))
        except PeopleUnknown as error:
            log.warning("slack name not looked up", user=user, why=str(error))
            return found[1] if found else user
        self._names[user] = (self._clock() + NAME_LASTS, name or user)
        self._names.move_to_end(user)
        if len(self._names) > MOST_NAMES:
            self._names.popitem(last=False)
        return name or user

    async def _members_of(self, group: str) -> frozenset[str]:
        known = self._members.get(group)
        if known and known[0] > self._clock():
            return known[1]
        found = await self._ask(self._client.usergroups_users_list(usergroup=group), "users")
        if not isinstance(found, list):
            raise PeopleUnknown(f"{group}: Slack gives no list of its users")
        members = frozenset(each for each in found if isinstance(each, str))
        self._members[group] = (self._clock() + MEMBERS_LAST, members)
        return members

    async def _ask(self, question: Awaitable[Any], field: str, patience: float = ANSWER) -> Any:
        try:
            async with asyncio.timeout(patience):
                answer = await question
            return answer[field]
        except TimeoutError:
            raise PeopleUnknown(f"no answer in {patience:g} s") from None
        # What is no answer of Slack's, its library meets with the errors of whatever it stumbles upon.
        except (
            SlackClientError,
            ClientError,
            OSError,
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
        ) as error:
            raise PeopleUnknown(plain(error) or type(error).__name__) from error


def _name(user: Any) -> str:
    """Return the first name that is one."""
    profile = user.get("profile") if isinstance(user, dict) else None
    given = [profile.get(key) for key in ("display_name", "real_name")] if isinstance(profile, dict) else []
    if isinstance(user, dict):
        given += [user.get("real_name"), user.get("name")]
    for each in given:
        if isinstance(each, str) and (name := plain(each)):
            return name[:LONGEST_NAME]
    return ""
