"""A web server with one page for each right, and whoever asks it for something over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.cookies import Morsel

from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector, web
from multidict import CIMultiDictProxy

from ivr_fsm.web.access import COOKIE, Access
from ivr_fsm.web.inspector.archive import Shelf
from ivr_fsm.web.inspector.clerk import Clerk
from ivr_fsm.web.inspector.routes import Inspector
from ivr_fsm.web.login import Login
from ivr_fsm.web.people import NOBODY, People, Right, parse_networks, parse_rights, parse_tokens
from ivr_fsm.web.server import WebServer

TOKEN = "0123456789abcdef"
OLGA = "olgas-token-not-short"
BORIS = "boris=s-token-has-equal=="
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> datetime:
        return self.at

    def passes(self, **delta: float) -> None:
        self.at += timedelta(**delta)


def people(
    tokens: str = f"olga={OLGA}, boris={BORIS}",
    rights: str = "olga: see numbers listen act; boris: see",
    header: str = "",
    proxies: str = "127.0.0.1",
) -> People:
    return People(parse_tokens(tokens), parse_rights(rights), header, parse_networks(proxies))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: CIMultiDictProxy[str]
    text: str
    cookies: Mapping[str, Morsel[str]]

    @property
    def session(self) -> str:
        return self.cookies[COOKIE].value


class Site:
    def __init__(self, access: Access, session: ClientSession, url: str = "") -> None:
        self.access = access
        self._session = session

        async def who(request: web.Request) -> web.Response:
            return web.Response(text=access.person(request).name)

        def needs(right: Right) -> object:
            async def handler(request: web.Request) -> web.Response:
                return web.Response(text=access.require(request, right).name)

            return handler

        async def recording(request: web.Request) -> web.Response:
            access.require_or_link(request, Right.LISTEN)
            return web.Response(text="sound")

        pages = Inspector(Clerk(Shelf("sqlite:///none.db", "Europe/Moscow")), access, "ru", None)
        self.server = WebServer(
            "127.0.0.1",
            0,
            [
                web.get("/calls/{name}", who),
                web.post("/calls/{name}", who),
                web.get("/numbers", needs(Right.NUMBERS)),
                web.post("/act", needs(Right.ACT)),
                web.get("/recordings/{name}", recording),
                *Login(access, pages.sign_in, url).routes,
            ],
        )

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    async def ask(
        self, path: str = "/calls/x", method: str = "GET", cookie: str = "", **headers: str
    ) -> Answer:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            given["Cookie"] = f"{COOKIE}={cookie}"
        async with self._session.request(
            method, self.origin + path, headers=given, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.text(), response.cookies)

    async def log_in(self, token: str, onward: str = "/calls/x", **headers: str) -> Answer:
        given = {"Sec-Fetch-Site": "same-origin"} | {n.replace("_", "-"): v for n, v in headers.items()}
        form = {"token": token, "next": onward}
        async with self._session.post(
            f"{self.origin}/login", data=form, headers=given, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await response.text(), response.cookies)

    async def say(self, raw: bytes) -> bytes:
        """Send what no client sends, and return how the answer begins."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        try:
            writer.write(raw)
            async with asyncio.timeout(5):
                return await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    token: str = "",
    people: People = NOBODY,
    url: str = "",
    clock: Clock | None = None,
    peer: str = "127.0.0.1",
) -> AsyncIterator[Site]:
    """Serve; whoever asks has the address *peer*."""
    connector = TCPConnector(local_addr=(peer, 0))
    async with ClientSession(
        connector=connector, timeout=ClientTimeout(10), cookie_jar=DummyCookieJar()
    ) as session:
        site = Site(Access(token, clock or Clock(), people, url), session, url)
        await site.server.start()
        try:
            yield site
        finally:
            await site.server.close()
