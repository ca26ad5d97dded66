"""What people press and type, sent as Slack sends it: over HTTP with signatures, and over Socket Mode."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession, ClientTimeout, WSMsgType, web

from ivr_fsm.call.desk import Answer
from ivr_fsm.slack.bolt import Keys
from ivr_fsm.slack.commands import Asked

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
BOT_TOKEN = "xoxb-1-SECRETBOT"
APP_TOKEN = "xapp-1-SECRETAPP"
ANNA, BORIS = "U01ANNA", "U02BORIS"
GROUP = "S01OFFICE"
CHANNEL = "C01ORDERS"
TS = "1732352400.000100"
KEY = 3_803_512_345_678_901_234

_numbers = count(1)


def press(action: str = "stop", *, user: object = ANNA, value: object = str(KEY), **more: object) -> Any:
    """What Slack sends when a button is pressed."""
    number = next(_numbers)
    return {
        "type": "block_actions",
        "team": {"id": "T01", "domain": "shop"},
        "user": {"id": user, "username": "anna", "team_id": "T01"},
        "api_app_id": "A01",
        "token": "verification",
        "container": {"type": "message", "message_ts": TS, "channel_id": CHANNEL, "is_ephemeral": False},
        "trigger_id": f"{number}.1.abcdef",
        "channel": {"id": CHANNEL, "name": "orders"},
        "message": {"type": "message", "ts": TS, "text": "Звонок", "bot_id": "B01"},
        "response_url": "https://hooks.example/actions/T01/1/x",
        "actions": [
            {
                "type": "button",
                "action_id": action,
                "block_id": "b",
                "value": value,
                "action_ts": f"{number}.5",
                "text": {"type": "plain_text", "text": "Кнопка"},
            }
        ],
        **more,
    }


def command(text: str = "", *, user: object = ANNA, channel: object = CHANNEL, **more: object) -> Any:
    """What Slack sends when somebody types ``/ivr``."""
    return {
        "token": "verification",
        "team_id": "T01",
        "channel_id": channel,
        "channel_name": "orders",
        "user_id": user,
        "user_name": "anna",
        "command": "/ivr",
        "text": text,
        "api_app_id": "A01",
        "response_url": "https://hooks.example/commands/T01/1/x",
        "trigger_id": f"{next(_numbers)}.2.abcdef",
        **more,
    }


class FakeDesk:
    """Notes what it is asked, and answers as it is told; it may be kept from answering."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, str]] = []
        self.answer = Answer.TAKEN
        self.open = asyncio.Event()
        self.open.set()
        self._answered = 0
        self._news = asyncio.Condition()

    async def answered(self, times: int = 1) -> None:
        """Wait until it has answered so often."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: self._answered >= times)

    async def send(self, key: int, target: str, by: str) -> Answer:
        return await self._take(f"send_{target}", key, by)

    async def stop(self, key: int, by: str) -> Answer:
        return await self._take("stop", key, by)

    async def call_back(self, key: int, by: str) -> Answer:
        return await self._take("call_back", key, by)

    async def done(self, key: int, by: str) -> Answer:
        return await self._take("done", key, by)

    async def _take(self, what: str, key: int, by: str) -> Answer:
        self.asked.append((what, key, by))
        await self.open.wait()
        async with self._news:
            self._answered += 1
            self._news.notify_all()
        return self.answer


class FakeCommands:
    """Answers every command with what was asked; it may be kept from answering."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.open = asyncio.Event()
        self.open.set()

    async def answer(self, asked: Asked) -> str:
        self.asked.append(asked)
        await self.open.wait()
        return f"asked: {asked.text}"

    async def close(self) -> None:
        pass


class Socket:
    """Slack's end of a socket of Socket Mode."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.acks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def send(self, kind: str, payload: object, **more: object) -> dict[str, Any]:
        """Send an envelope and return what it is acknowledged with."""
        envelope = {"type": kind, "envelope_id": f"e-{next(_numbers)}", "payload": payload, **more}
        return await self.send_again(envelope)

    async def send_again(self, envelope: dict[str, Any]) -> dict[str, Any]:
        await self.socket.send_json(envelope)
        while (ack := await within(self.acks.get()))["envelope_id"] != envelope["envelope_id"]:
            pass
        return ack

    async def disconnect(self) -> None:
        await self.socket.send_json({"type": "disconnect", "reason": "refresh_requested"})


class Slack:
    """Slack's Web API and its sockets, on a port of this machine."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.names = {ANNA: "Анна", BORIS: "Борис"}
        self.groups = {GROUP: [BORIS]}
        self.broken: dict[str, object] = {}
        """What methods answer instead: a status, or a body."""
        self.sockets: asyncio.Queue[Socket] = asyncio.Queue()
        self._tickets: set[str] = set()
        app = web.Application()
        app.router.add_route("*", "/api/{method}", self._method)
        app.router.add_get("/link", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        self.port = 0

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/"

    def keys(self, *, app_token: str = "", signing_secret: str = "") -> Keys:
        return Keys(BOT_TOKEN, app_token, signing_secret, self.api)

    def called(self, method: str) -> list[dict[str, str]]:
        return [given for name, given in self.calls if name == method]

    async def start(self) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def connected(self) -> Socket:
        """Return the next socket that is opened."""
        return await within(self.sockets.get())

    async def posted(self, method: str, number: int = 1) -> list[dict[str, str]]:
        """Return what *method* was given, once it was called *number* times."""
        async with asyncio.timeout(10):
            while len(self.called(method)) < number:  # noqa: ASYNC110 - HTTP has no event for that
                await asyncio.sleep(0.005)
        return self.called(method)

    async def _method(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        given = {
            name: str(value) for name, value in [*request.query.items(), *(await request.post()).items()]
        }
        if request.content_type == "application/json":
            given = await request.json()
        self.calls.append((method, given))
        match self.broken.get(method):
            case None:
                pass
            case int(status):
                return web.Response(status=status, text="<html>no</html>", content_type="text/html")
            case body:
                return web.json_response(body)
        token = APP_TOKEN if method == "apps.connections.open" else BOT_TOKEN
        if request.headers.get("Authorization") != f"Bearer {token}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return web.json_response(self._answer(method, given))

    def _answer(self, method: str, given: dict[str, str]) -> dict[str, Any]:
        match method:
            case "users.info" if name := self.names.get(given["user"]):
                profile = {"display_name": "", "real_name": name}
                return {"ok": True, "user": {"id": given["user"], "name": "login", "profile": profile}}
            case "usergroups.users.list" if given["usergroup"] in self.groups:
                return {"ok": True, "users": self.groups[given["usergroup"]]}
            case "chat.postMessage" | "chat.postEphemeral":
                return {"ok": True, "ts": "1732352401.000200", "channel": given["channel"]}
            case "apps.connections.open":
                ticket = f"SECRET{next(_numbers)}"
                self._tickets.add(ticket)
                return {"ok": True, "url": f"ws://127.0.0.1:{self.port}/link?ticket={ticket}&app_id=A01"}
        return {"ok": False, "error": "not_found"}

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403)
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A01"}})
        ours = Socket(socket)
        self.sockets.put_nowait(ours)
        async for message in socket:
            if message.type == WSMsgType.TEXT:
                ours.acks.put_nowait(json.loads(message.data))
        return socket


@asynccontextmanager
async def slack() -> AsyncIterator[Slack]:
    """Yield Slack, running."""
    running = Slack()
    await running.start()
    try:
        yield running
    finally:
        await running.stop()


class Sender:
    """Posts to a service as Slack does."""

    def __init__(self, url: str, secret: str = SECRET) -> None:
        self._url = url
        self._secret = secret
        self._session = ClientSession(timeout=ClientTimeout(10))

    async def close(self) -> None:
        await self._session.close()

    async def interact(self, payload: object, **headers: str) -> tuple[int, str]:
        return await self.post(urlencode({"payload": json.dumps(payload)}), **headers)

    async def command(self, given: dict[str, str], **headers: str) -> tuple[int, str]:
        return await self.post(urlencode(given), **headers)

    async def event(self, payload: object, **headers: str) -> tuple[int, str]:
        return await self.post(json.dumps(payload), **{"Content-Type": "application/json", **headers})

    async def post(self, body: str | bytes, **headers: str) -> tuple[int, str]:
        """Post *body*, signed now unless *headers* say otherwise."""
        data = body.encode() if isinstance(body, str) else body
        at = headers.get("X-Slack-Request-Timestamp", str(int(time.time())))
        signature = hmac.new(self._secret.encode(), f"v0:{at}:".encode() + data, "sha256").hexdigest()
        given = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": at,
            "X-Slack-Signature": f"v0={signature}",
            **headers,
        }
        async with self._session.post(self._url, data=data, headers=given) as response:
            return response.status, await response.text()


async def within(something: Any) -> Any:
    async with asyncio.timeout(10):
        return await something


def lines(printed: str, event: str) -> Iterator[str]:
    """Return the log lines of *event*."""
    return (line for line in printed.splitlines() if event in line)
