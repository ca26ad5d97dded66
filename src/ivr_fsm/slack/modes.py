"""How what people press and type in Slack reaches us: over a socket that we open, or over HTTP."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Literal

import structlog
from aiohttp import ClientError, web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.web.async_client import AsyncWebClient

from ivr_fsm.slack import sdklog
from ivr_fsm.slack.sdklog import plain

PATH = "/slack/events"

BEAT = 10.0
"""Seconds between two looks at the connection, and between two attempts."""

ADDRESS_LASTS = 60.0
"""Seconds for which one address of Slack's is tried."""

CLOSING = 2.0
"""Seconds for saying good-bye."""

log = structlog.get_logger(__name__)


class HttpMode:
    """Slack posts to us; each request is signed with the app's signing secret."""

    def __init__(self, app: AsyncApp, secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(secret)
        self._refused = False

    @property
    def routes(self) -> list[web.RouteDef]:
        """What the web server has to serve."""
        return [web.post(PATH, self._post)]

    async def start(self) -> None:
        """Say that Slack is awaited."""
        log.info("slack buttons and commands", over="http", path=PATH)

    async def close(self) -> None:
        """Do nothing: the web server ends by itself."""

    async def _post(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._is_signed(body, request):
            self._tell_refused(request)
            return web.Response(status=401, text="not signed by Slack\n")
        self._refused = False
        try:
            asked = AsyncBoltRequest(
                body=body.decode(),
                query=request.query_string,
                headers=dict(request.headers),
            )
            return await to_aiohttp_response(await self._app.async_dispatch(asked))
        except Exception as error:
            # The library stumbles in many ways over what has another shape than it thinks.
            log.warning("slack request not understood", why=plain(f"{type(error).__name__}: {error}"))
            return web.Response(status=400, text="not understood\n")

    def _is_signed(self, body: bytes, request: web.Request) -> bool:
        try:
            return self._verifier.is_valid_request(body, dict(request.headers))
        except (ValueError, TypeError):
            return False

    def _tell_refused(self, request: web.Request) -> None:
        # Anybody may post, and as often as they like: one line until Slack is heard again.
        if not self._refused:
            remedy = "IVR_SLACK_SIGNING_SECRET must be the app's, and the clock right"
            log.warning("slack request refused", why="not signed by Slack", by=request.remote, remedy=remedy)
        self._refused = True


class SocketMode:
    """We open a socket to Slack, which needs no address of ours; it is opened anew when it is lost."""

    def __init__(self, app: AsyncApp, token: str, client: AsyncWebClient, *, beat: float = BEAT) -> None:
        """Connect to nothing yet.

        Args:
            app: gets what comes.
            token: the app-level token.
            client: asks Slack for the socket's address.
            beat: seconds between two looks at the connection, and between two attempts.
        """
        self._app = app
        self._token = token
        self._web = client
        self._beat = beat
        self._client: _Client | None = None
        self._connecting: asyncio.Task[None] | None = None

    @property
    def routes(self) -> list[web.RouteDef]:
        """Nothing: Slack does not come to us."""
        return []

    async def start(self) -> None:
        """Begin to connect, in the background."""
        self._client = _Client(self._token, self._web, self._beat)
        self._client.socket_mode_request_listeners.append(self._answer)
        self._connecting = asyncio.create_task(self._client.connect(), name="slack-socket")

    async def close(self) -> None:
        """Close the socket, and connect no more."""
        if self._client is None or self._connecting is None:
            return
        self._connecting.cancel()
        with suppress(TimeoutError, ClientError, OSError):
            async with asyncio.timeout(CLOSING):
                await self._client.close()  # type: ignore[no-untyped-call]
        # When the good-bye is not answered, the library has not got as far as this.
        left = [self._connecting, *self._client.tasks]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._client.aiohttp_client_session.close()

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        answer = await run_async_bolt_app(self._app, request)
        await send_async_response(client, request, answer, 0.0)


class _Client(SocketModeClient):
    """Slack's client, which logs each change once and does not hold on to an address that is of no use."""

    def __init__(self, token: str, client: AsyncWebClient, beat: float) -> None:
        super().__init__(
            token, logger=sdklog.logger("socket", self._trouble), web_client=client, ping_interval=beat
        )
        self._up = False
        self._told: Literal["", "up", "down"] = ""
        self.message_listeners.append(self._heard)

    @property
    def tasks(self) -> list[asyncio.Future[None]]:
        """What runs for it."""
        running = (self.message_processor, self.current_session_monitor, self.message_receiver)
        return [task for task in running if task is not None]

    async def issue_new_wss_url(self) -> str:
        """Ask Slack where to connect to; every new connection begins so."""
        self._up = False
        return await super().issue_new_wss_url()

    async def connect(self) -> None:
        """Connect, however long it takes."""
        while not self.closed:
            try:
                async with asyncio.timeout(max(ADDRESS_LASTS, self.ping_interval)):
                    await super().connect()  # type: ignore[no-untyped-call]
                    return
            except TimeoutError:
                # An address is good for some seconds only; the library would try it for ever.
                self.wss_uri = None

    async def _heard(self, _client: object, message: dict[str, object], _raw: str | None = None) -> None:
        if message.get("type") == "hello":
            # Slack has a socket opened anew every few hours: that is no news.
            if self._told != "up":
                log.info("slack buttons and commands", over="socket")
            self._up, self._told = True, "up"

    def _trouble(self, line: str) -> None:
        """Tell what the library has met: each thing while connected, once while not."""
        if self._up:
            log.warning("slack message not understood", why=line)
        elif self._told != "down":
            log.warning("slack cannot be reached", why=line, effect="no buttons and no commands until it can")
            self._told = "down"


class NoMode:
    """Nothing reaches us."""

    routes: tuple[web.RouteDef, ...] = ()

    async def start(self) -> None:
        """Say so."""
        remedy = "set IVR_SLACK_APP_TOKEN (Socket Mode) or IVR_SLACK_SIGNING_SECRET (HTTP)"
        log.warning("slack buttons and commands are off", remedy=remedy)

    async def close(self) -> None:
        """Do nothing."""
