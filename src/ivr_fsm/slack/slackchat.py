"""The channel in Slack, by its Web API.

What Slack says is told apart here, once: a matter of time (`ChatError`), for ever (`ChatRefused`), or that
nobody knows whether the message is there (`ChatError.unsure`); see https://docs.slack.dev/apis/web-api/rate-limits
and the errors of ``chat.postMessage``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any, Protocol

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web.async_client import AsyncWebClient

from ivr_fsm.slack.chat import ChatError, ChatGone, ChatRefused, Mark
from ivr_fsm.slack.message import Message
from ivr_fsm.slack.pace import Pace
from ivr_fsm.slack.sdklog import logger, plain

TIMEOUT = 10
"""Seconds for one request."""

OF_CHANNEL = 1.05
"""Seconds between two messages in one channel: Slack takes one a second."""

OF_METHOD = 1.25
"""Seconds between two uses of another method: Slack takes fifty a minute."""

SKEW = 300.0
"""Seconds that our clock and Slack's may differ by."""

PAGES = 20
"""So many pages of a channel are looked through for one message, `PAGE` messages each."""

PAGE = 200

EVENT = "ivr_fsm"
"""What the metadata of our messages are called."""

_TOKEN, _APP_TOKEN = "IVR_SLACK_TOKEN", "IVR_SLACK_APP_TOKEN"

_REMEDIES = {
    "account_inactive": "the app was removed: install it again and set the new {token}",
    "invalid_auth": "{token} is no token that Slack knows",
    "not_authed": "{token} is missing",
    "missing_scope": "give the app its scopes, docs/slack-manifest.yaml, and install it again",
    "not_allowed_token_type": "{token} is a token of another kind",
    "token_expired": "{token} has expired",
    "token_revoked": "{token} was revoked: install the app again and set the new one",
    "cant_update_message": "only the app that posted a message can change it",
    "channel_not_found": "set the channel's id, and invite the app if it is private",
    "is_archived": "take the channel out of the archive, or set another",
    "not_in_channel": "invite the app into the channel: /invite",
    "restricted_action": "a setting of the workspace keeps the app from posting there",
}

_PASSING = {
    "accesslimited",
    "fatal_error",
    "internal_error",
    "message_limit_exceeded",
    "rate_limited",
    "ratelimited",
    "request_timeout",
    "service_unavailable",
    "team_added_to_org",
}
"""Errors that pass by themselves; any other is for ever."""

log = structlog.get_logger(__name__)


_GONE = ("message_not_found", "thread_not_found")
"""Errors that say that the message is there no more."""


class _NoScope(ChatRefused):
    """The app was not given what it needs for this method."""


class _Answer(Protocol):
    def get(self, key: str, default: Any = None) -> Any: ...


class SlackChat:
    """A `Chat` of the workspace that *token* is for."""

    def __init__(self, token: str, api: str) -> None:
        """Open nothing yet.

        Args:
            token: the bot's.
            api: the address of the Web API.
        """
        self._pace = Pace(asyncio.get_running_loop().time)
        self._session: aiohttp.ClientSession | None = None
        self._client = AsyncWebClient(
            token, base_url=api, timeout=TIMEOUT, retry_handlers=[], logger=logger("web api")
        )

    async def post(
        self, channel: str, message: Message, mark: Mark, *, thread: str = "", loud: bool = False
    ) -> str:
        """Post a message; see `Chat.post`."""
        await self._pace.turn(f"post {channel}", OF_CHANNEL)
        wanted: dict[str, Any] = {"thread_ts": thread, "reply_broadcast": loud} if thread else {}
        answer = await self._ask(
            f"post {channel}",
            self._opened().chat_postMessage(
                channel=channel,
                text=message.text,
                blocks=_plain(message.blocks),
                metadata={"event_type": EVENT, "event_payload": {"key": str(mark.key), "part": mark.part}},
                unfurl_links=False,
                unfurl_media=False,
                **wanted,
            ),
        )
        if isinstance(ts := answer.get("ts"), str) and ts:
            return ts
        raise ChatError("Slack's answer does not name the message", unsure=True)

    async def edit(self, channel: str, ts: str, message: Message) -> None:
        """Change a message; see `Chat.edit`."""
        await self._pace.turn("edit", OF_METHOD)
        await self._ask(
            "edit",
            self._opened().chat_update(
                channel=channel, ts=ts, text=message.text, blocks=_plain(message.blocks)
            ),
        )

    async def find(self, channel: str, mark: Mark, since: datetime, *, thread: str = "") -> str | None:
        """Look for a message; see `Chat.find`."""
        wanted: dict[str, Any] = {"ts": thread} if thread else {}
        wanted |= {
            "channel": channel,
            "oldest": f"{since.timestamp() - SKEW:.6f}",
            "include_all_metadata": True,
            "limit": PAGE,
        }
        try:
            for _ in range(PAGES):
                answer = await self._page(wanted)
                for message in answer["messages"]:
                    if ts := _marked(message, mark):
                        return ts
                if not (cursor := answer["cursor"]):
                    break
                wanted["cursor"] = cursor
        except _NoScope as refusal:
            log.warning("channel: message not looked for", why=str(refusal), effect="it may be there twice")
        return None

    async def _page(self, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return messages of a channel, or of a thread if *wanted* names one, and where they go on."""
        await self._pace.turn("find", OF_METHOD)
        client = self._opened()
        method = client.conversations_replies if "ts" in wanted else client.conversations_history
        answer = await self._ask("find", method(**wanted))
        if not isinstance(messages := answer.get("messages"), list):
            # That it is not there nobody has said.
            raise ChatError("Slack's answer has no messages", unsure=True)
        match answer.get("response_metadata"):
            case {"next_cursor": str(cursor)}:
                return {"messages": messages, "cursor": cursor}
        return {"messages": messages, "cursor": ""}

    async def introduce(self) -> str:
        """Return who we are there, like ``calls in Shop``.

        Raises:
            ChatError, ChatRefused: as everywhere here.
        """
        answer = await self._ask("introduce", self._opened().auth_test())
        return f"{plain(answer.get('user', '?'))} in {plain(answer.get('team', '?'))}"

    async def look_into(self, channel: str) -> None:
        """Read in a channel, as is done after an answer that was lost; nothing happens: we may.

        Raises:
            ChatError, ChatRefused: we may not, or it is not known.
        """
        await self._ask("find", self._opened().conversations_history(channel=channel, limit=1))

    async def ask_for_socket(self, app_token: str) -> None:
        """Ask for the address of a socket with the app-level token; nothing happens: we would get one.

        Raises:
            ChatError, ChatRefused: we would not, or it is not known.
        """
        request = self._opened().apps_connections_open(app_token=app_token)
        await self._ask("socket", request, _APP_TOKEN)

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> AsyncWebClient:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
            self._client.session = self._session
        return self._client

    async def _ask(self, name: str, request: Awaitable[_Answer], setting: str = _TOKEN) -> _Answer:
        try:
            return await request
        except SlackApiError as error:
            raise self._told(name, error, setting) from None
        except aiohttp.ClientConnectorError as error:
            raise ChatError(f"Slack is out of reach: {plain(error)}") from None
        except (aiohttp.ClientError, SlackClientError, TimeoutError, OSError) as error:
            why = plain(error) or f"no answer within {TIMEOUT} s"
            raise ChatError(f"the answer was lost: {why}", unsure=True) from None
        except (ValueError, TypeError, AttributeError) as error:
            # What Slack's library stumbles over when an answer is not of Slack.
            why = f"it is none of Slack's: {plain(error)}"
            raise ChatError(f"the answer was lost: {why}", unsure=True) from None

    def _told(self, name: str, error: SlackApiError, setting: str) -> ChatError | ChatRefused:
        """Return what Slack's answer comes to; *setting* is that of the token that was used."""
        status = getattr(error.response, "status_code", getattr(error.response, "status", 0))
        headers: Mapping[str, str] = getattr(error.response, "headers", {}) or {}
        if status == 429 or _code(error) in ("ratelimited", "rate_limited"):
            seconds = _seconds(headers)
            self._pace.rest(name, seconds)
            return ChatError("Slack wants fewer messages", retry_after=seconds)
        code = _code(error)
        if status >= 500 or not code:
            return ChatError(f"Slack answers {status} {plain(code)}".strip(), unsure=True)
        if code in _PASSING:
            return ChatError(f"Slack: {plain(code)}", unsure=True)
        remedy = f"; {_REMEDIES[code].format(token=setting)}" if code in _REMEDIES else ""
        refused = {"missing_scope": _NoScope, **dict.fromkeys(_GONE, ChatGone)}.get(code, ChatRefused)
        return refused(f"Slack: {plain(code)}{_details(error)}{remedy}")


def _code(error: SlackApiError) -> str:
    data = getattr(error.response, "data", None)
    said = data.get("error") if isinstance(data, dict) else None
    return said if isinstance(said, str) else ""


def _details(error: SlackApiError) -> str:
    """Return what Slack says of blocks that it does not take."""
    said = getattr(error.response, "data", {}).get("errors")
    return f" ({plain(said)})" if said else ""


def _seconds(headers: Mapping[str, str]) -> float:
    try:
        return float(min(max(int(headers.get("Retry-After", "")), 1), 3600))
    except ValueError:
        return 30.0


def _marked(message: object, mark: Mark) -> str:
    """Return the name of a message if it is the one with that mark."""
    match message:
        case {
            "ts": str(ts),
            "metadata": {"event_type": kind, "event_payload": {"key": key, "part": part}},
        } if (kind, key, part) == (EVENT, str(mark.key), mark.part):
            return ts
    return ""


def _plain(blocks: Any) -> Any:
    return [dict(block) for block in blocks]
