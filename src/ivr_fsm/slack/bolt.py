"""The Slack app: what people press and type, brought to the desk and to the commands by slack-bolt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from aiohttp import web
from pydantic import BaseModel, Field, ValidationError
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from ivr_fsm.call.desk import Desk
from ivr_fsm.slack import sdklog
from ivr_fsm.slack.commands import Asked, Commands
from ivr_fsm.slack.modes import BEAT, HttpMode, NoMode, SocketMode
from ivr_fsm.slack.people import People
from ivr_fsm.slack.presses import BUTTONS, ChannelId, Presses, UserId, mistake
from ivr_fsm.slack.sdklog import plain
from ivr_fsm.watch.words import Words

COMMAND = "/ivr"

PATIENCE = 2.0
"""Seconds after which a command is answered that its answer takes too long: Slack waits for 3."""

API = "https://slack.com/api/"

log = structlog.get_logger(__name__)

Ack = Callable[..., Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens Slack.

    Attributes:
        token: the bot's.
        app_token: that of Socket Mode; empty: it is not used.
        signing_secret: that of HTTP mode; empty: it is not used.
        api: the address of Slack's Web API.
    """

    token: str = field(repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    api: str = API

    def client(self) -> AsyncWebClient:
        """Return a client of the Web API, which repeats nothing by itself."""
        return AsyncWebClient(
            self.token, base_url=self.api, timeout=10, retry_handlers=[], logger=sdklog.logger("web")
        )


class _Command(BaseModel):
    text: str = Field(default="", max_length=1000)
    user_id: UserId
    channel_id: ChannelId


class SlackApp:
    """Brings presses to the desk, and commands to `Commands`. Slack's faults reach nobody else."""

    def __init__(
        self, keys: Keys, desk: Desk, people: People, commands: Commands, words: Words, *, beat: float = BEAT
    ) -> None:
        """Connect to nothing yet.

        Args:
            keys: what opens Slack; with an app-level token Socket Mode is used, else HTTP mode.
            desk: carries out what buttons ask for.
            people: who may press them.
            commands: answers ``/ivr``.
            words: the language.
            beat: seconds between two attempts to connect.
        """
        client = keys.client()
        self._people = people
        self._commands = commands
        self._words = words
        self._presses = Presses(desk, people, client, words)
        self._late: set[asyncio.Task[str]] = set()
        app = self._app(client)
        self._mode: SocketMode | HttpMode | NoMode = NoMode()
        if keys.app_token:
            self._mode = SocketMode(app, keys.app_token, client, beat=beat)
        elif keys.signing_secret:
            self._mode = HttpMode(app, keys.signing_secret)

    @property
    def may_act(self) -> bool:
        """Whether somebody can press buttons at all."""
        return self._people.anybody and not isinstance(self._mode, NoMode)

    def routes(self) -> Sequence[web.RouteDef]:
        """Return what the web server has to serve."""
        return self._mode.routes

    async def start(self) -> None:
        """Begin to listen to Slack, or to try to."""
        await self._mode.start()
        if not self._people.anybody and not isinstance(self._mode, NoMode):
            log.warning("slack buttons are off", remedy="name who may press them: IVR_SLACK_PEOPLE")

    async def close(self) -> None:
        """Listen to Slack no more."""
        await self._mode.close()
        for task in self._late:
            task.cancel()
        await self._commands.close()

    def _app(self, client: AsyncWebClient) -> AsyncApp:
        app = AsyncApp(
            name="ivr-fsm",
            logger=sdklog.logger("bolt"),
            client=AsyncWebClient(logger=client.logger),
            # Who it is from is known: the requests are signed, or come over our own socket.
            authorize=_authorized,
            signing_secret="",
            request_verification_enabled=False,
            raise_error_for_unhandled_request=True,
        )
        for button in BUTTONS:
            app.action(button)(self._pressed)
        app.command(COMMAND)(self._asked)
        app.error(_fault)
        return app

    async def _pressed(self, ack: Ack, body: Mapping[str, Any]) -> None:
        await ack()
        await self._presses.handle(body)

    async def _asked(self, ack: Ack, body: Mapping[str, Any]) -> None:
        try:
            given = _Command.model_validate(body)
        except ValidationError as error:
            log.warning("slack command refused", why=mistake(error))
            await ack()
            return
        answer = asyncio.create_task(
            self._commands.answer(Asked(given.text, given.user_id, given.channel_id)), name="slack-command"
        )
        done, _ = await asyncio.wait({answer}, timeout=PATIENCE)
        if done:
            await ack(answer.result())
            return
        # It goes on, so that the answer is at hand when it is asked for again.
        self._late.add(answer)
        answer.add_done_callback(self._late.discard)
        await ack(self._words.text("commands.slow"))


async def _authorized(**_known: object) -> AuthorizeResult:
    return AuthorizeResult(enterprise_id=None, team_id=None)


async def _fault(error: Exception) -> BoltResponse | None:
    """Answer what nobody listens to, and log what somebody has stumbled over."""
    if not isinstance(error, BoltUnhandledRequestError):
        log.warning("slack request failed", why=plain(f"{type(error).__name__}: {error}"))
    # Slack would send again what is answered with an error, and it would fail again.
    return BoltResponse(status=200)
