"""Slack's Web API as far as calls are told by it: messages, threads, limits, and all that can go wrong.

It answers as https://docs.slack.dev/apis/web-api/rate-limits and the pages of the methods say, by the loop's
clock: a channel takes one message a second, the workspace 300 messages a minute, other methods 50 calls each.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain, count, repeat
from typing import Any

from aiohttp import web

from ivr_fsm.slack.message import Message
from tests.slack.blockkit import faults

TOKEN, APP_TOKEN = "xoxb-1-SECRETBOT", "xapp-1-SECRETAPP"
ORDERS, OTHERS, SHOPS = "C01ORDERS", "C02OTHERS", "C03SHOPS"

Json = dict[str, Any]
Work = Callable[[], Json]
Fault = Callable[[web.Request, Work], Awaitable[web.StreamResponse]]
"""Answers a request instead of Slack; its work does what was asked for, and returns Slack's answer."""


class SlackSays(Exception):
    """An answer that is not ok."""


def refuses(code: str) -> Fault:
    async def fault(request: web.Request, work: Work) -> web.StreamResponse:
        return web.json_response({"ok": False, "error": code})

    return fault


def answers(status: int = 200, text: str = "<html>no</html>", kind: str = "text/html") -> Fault:
    async def fault(request: web.Request, work: Work) -> web.StreamResponse:
        return web.Response(status=status, text=text, content_type=kind)

    return fault


def says(answer: Any) -> Fault:
    async def fault(request: web.Request, work: Work) -> web.StreamResponse:
        return web.json_response(answer)

    return fault


def wants_rest(retry_after: str) -> Fault:
    """Slack wants fewer messages; nothing is taken."""

    async def fault(request: web.Request, work: Work) -> web.StreamResponse:
        return _limited(retry_after)

    return fault


async def cut(request: web.Request, work: Work) -> web.StreamResponse:
    """The connection is cut before the message is taken."""
    assert request.transport
    request.transport.abort()
    return web.Response()


async def reply_lost(request: web.Request, work: Work) -> web.StreamResponse:
    """The message is taken, and the connection cut before the answer."""
    work()
    return await cut(request, work)


async def taken_and_garbled(request: web.Request, work: Work) -> web.StreamResponse:
    """The message is taken, and the answer is none of Slack's."""
    work()
    return web.json_response({"ok": True})


async def taken_and_failed(request: web.Request, work: Work) -> web.StreamResponse:
    """The message is taken, and something breaks before the answer."""
    work()
    return web.Response(status=503, text="upstream")


async def hang(request: web.Request, work: Work) -> web.StreamResponse:
    """Nothing is answered, and nothing taken."""
    await asyncio.sleep(36_000)
    return web.Response()


async def taken_and_hanging(request: web.Request, work: Work) -> web.StreamResponse:
    """The message is taken; the answer does not come."""
    work()
    return await hang(request, work)


def slow(seconds: float) -> Fault:
    async def fault(request: web.Request, work: Work) -> web.StreamResponse:
        answer = work()
        await asyncio.sleep(seconds)
        return web.json_response(answer)

    return fault


@dataclass
class Sent:
    """A message as it stands now.

    Attributes:
        at: when it was posted, in seconds of the loop's clock.
        edits: when it was edited.
    """

    ts: str
    channel: str
    message: Message
    at: float
    thread: str = ""
    broadcast: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)
    edits: list[float] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.message.text

    @property
    def lines(self) -> list[str]:
        """The lines of a message in a thread."""
        return self.text.split("\n")

    @property
    def key(self) -> int:
        """The call that it tells of."""
        return int(self.metadata["event_payload"]["key"])


class Limits:
    """How often methods may be used."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used: defaultdict[str, deque[float]] = defaultdict(deque)
        self.broken: Counter[str] = Counter()
        """What was used too often, and how many times."""

    def wait(self, method: str, channel: str) -> int:
        """Return after how many seconds the method may be used; 0: it is used now."""
        posts = method == "chat.postMessage"
        limits = [(method, 300 if posts else 50, 60.0)] + [(f"{method} {channel}", 1, 1.0)] * posts
        now = self._clock()
        for name, most, span in limits:
            used = self._used[name]
            while used and used[0] <= now - span:
                used.popleft()
            if len(used) >= most:
                self.broken[name] += 1
                return max(1, -int(-(used[0] + span - now) // 1))
        for name, _, _ in limits:
            self._used[name].append(now)
        return 0


class WebApi:
    """A workspace on a port of this machine."""

    def __init__(self, epoch: float = 1_780_304_400.0, *, limited: bool = True) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoch = epoch - self._loop.time()
        self.limits = Limits(self._loop.time) if limited else None
        self.channels: dict[str, list[Sent]] = {ORDERS: [], OTHERS: [], SHOPS: []}
        self.archived: set[str] = set()
        self.tokens = {TOKEN}
        self.asked: Counter[str] = Counter()
        self.refused: list[str] = []
        """What Block Kit has not taken."""
        self.done: list[tuple[str, Any]] = []
        """What was posted and edited, in its order: the method and the message's ts."""
        self._faults: dict[str, Iterator[Fault | None]] = {}
        self._numbers = count(1)
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/api/"

    def fail(self, method: str, *faults: Fault | None, then: Fault | None = None) -> None:
        """Answer the next uses of *method* (``*``: any) by *faults* (None: rightly), those after by *then*.

        A method may be followed by a space and a channel: then only what is about that is meant.
        """
        self._faults[method] = chain(faults, repeat(then))

    def heal(self) -> None:
        self._faults.clear()

    async def start(self) -> None:
        app = web.Application(client_max_size=1_000_000)
        app.router.add_route("*", "/api/{method}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self._port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Nobody listens any more; `start` brings it back at the same address."""
        assert self._runner
        await self._runner.cleanup()

    # What people see

    def shown(self, channel: str = ORDERS) -> list[Sent]:
        """The messages of a channel without those of threads."""
        return [sent for sent in self.channels[channel] if not sent.thread]

    def thread(self, of: Sent) -> list[Sent]:
        return [sent for sent in self.channels[of.channel] if sent.thread == of.ts]

    def told(self, of: Sent) -> list[str]:
        """The lines of a thread."""
        return [line for sent in self.thread(of) for line in sent.lines]

    def everything(self) -> list[Sent]:
        return [sent for channel in self.channels.values() for sent in channel]

    def delete(self, sent: Sent) -> None:
        """Somebody removes a message."""
        self.channels[sent.channel].remove(sent)

    # What is asked of it

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        if request.content_type == "application/json":
            given: Json = await request.json()
        else:
            given = {**request.query, **(await request.post())}
        channel = str(given.get("channel", ""))
        self.asked[method] += 1
        for name in (f"{method} {channel}", method, "*"):
            if name in self._faults and (fault := next(self._faults[name])):
                return await fault(request, lambda: self._answer(method, given))
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if method == "apps.connections.open":
            ok = token == APP_TOKEN
            return web.json_response({"ok": ok, **({} if ok else {"error": "invalid_auth"})})
        if token not in self.tokens:
            return web.json_response({"ok": False, "error": "token_revoked"})
        if self.limits and (wait := self.limits.wait(method, channel)):
            return _limited(str(wait))
        return web.json_response(self._answer(method, given))

    def _answer(self, method: str, given: Json) -> Json:
        try:
            return {"ok": True, **_METHODS[method](self, given)}
        except SlackSays as refusal:
            return {"ok": False, "error": str(refusal)}

    def _test(self, given: Json) -> Json:
        return {"url": "https://shop.slack.example/", "team": "Shop", "user": "calls", "bot_id": "B01"}

    def _post(self, given: Json) -> Json:
        there = self._channel(given)
        if given["channel"] in self.archived:
            raise SlackSays("is_archived")
        if (thread := given.get("thread_ts", "")) and thread not in {sent.ts for sent in there}:
            raise SlackSays("thread_not_found")
        message, metadata = self._message(given), given.get("metadata", {})
        payload = metadata.get("event_payload", {})
        if not all(isinstance(value, str | int | float | bool) for value in payload.values()):
            raise SlackSays("invalid_metadata_format")
        ts = f"{self._epoch + self._loop.time():.3f}{next(self._numbers):03}"
        broadcast = bool(given.get("reply_broadcast")) and bool(thread)
        sent = Sent(ts, given["channel"], message, self._loop.time(), thread, broadcast, metadata)
        there.append(sent)
        self.done.append(("post", ts))
        return {"channel": given["channel"], "ts": ts, "message": _shown(sent, {})}

    def _update(self, given: Json) -> Json:
        there = self._channel(given)
        if given["channel"] in self.archived:
            raise SlackSays("is_archived")
        for sent in there:
            if sent.ts == given["ts"]:
                sent.message = self._message(given)
                sent.edits.append(self._loop.time())
                self.done.append(("edit", sent.ts))
                return {"channel": given["channel"], "ts": sent.ts, "text": sent.text}
        raise SlackSays("message_not_found")

    def _history(self, given: Json) -> Json:
        there = [sent for sent in self._channel(given) if not sent.thread or sent.broadcast]
        return _page(
            [sent for sent in reversed(there) if float(sent.ts) > float(given.get("oldest", 0))], given
        )

    def _replies(self, given: Json) -> Json:
        there = self._channel(given)
        parent = [sent for sent in there if sent.ts == given["ts"]]
        if not parent:
            raise SlackSays("thread_not_found")
        oldest = float(given["oldest"])
        replies = [sent for sent in there if sent.thread == given["ts"] and float(sent.ts) > oldest]
        return _page(parent + replies, given)

    def _channel(self, given: Json) -> list[Sent]:
        if (there := self.channels.get(given["channel"])) is None:
            raise SlackSays("channel_not_found")
        return there

    def _message(self, given: Json) -> Message:
        message = Message(given["text"], given["blocks"])
        if len(message.text) > 40_000:
            raise SlackSays("msg_too_long")
        if found := faults(message):
            self.refused += found
            raise SlackSays("invalid_blocks")
        return message


_METHODS: dict[str, Callable[[WebApi, Json], Json]] = {
    "auth.test": WebApi._test,
    "chat.postMessage": WebApi._post,
    "chat.update": WebApi._update,
    "conversations.history": WebApi._history,
    "conversations.replies": WebApi._replies,
}


def _limited(retry_after: str) -> web.Response:
    headers = {"Retry-After": retry_after} if retry_after else {}
    return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)


def _page(found: list[Sent], given: Json) -> Json:
    begin, limit = int(given.get("cursor") or 0), int(given.get("limit", 100))
    page, more = found[begin : begin + limit], len(found) > begin + limit
    cursor = {"response_metadata": {"next_cursor": str(begin + limit)}} if more else {}
    return {"messages": [_shown(sent, given) for sent in page], "has_more": more, **cursor}


def _shown(sent: Sent, given: Json) -> Json:
    shown: Json = {"type": "message", "ts": sent.ts, "text": sent.text, "bot_id": "B01"}
    if sent.thread:
        shown["thread_ts"] = sent.thread
    if str(given.get("include_all_metadata", "")) in ("1", "true", "True"):
        shown["metadata"] = json.loads(json.dumps(sent.metadata))
    return shown


@asynccontextmanager
async def workspace(*, limited: bool = True) -> AsyncIterator[WebApi]:
    """Yield a workspace, running."""
    running = WebApi(limited=limited)
    await running.start()
    try:
        yield running
    finally:
        await running.stop()
