"""The inspector over HTTP, its pages made by a process of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from tests.playbook import playbook
from tests.web.site import NOW, people

from ivr_fsm.call.desk import Answer
from ivr_fsm.web.access import Access
from ivr_fsm.web.inspector.archive import Shelf
from ivr_fsm.web.inspector.clerk import Clerk
from ivr_fsm.web.inspector.routes import Inspector
from ivr_fsm.web.people import NOBODY, People
from ivr_fsm.web.server import WebServer


@dataclass
class Pressed:
    """A desk that notes what it is told."""

    answer: Answer = Answer.TAKEN
    told: list[tuple[Any, ...]] = field(default_factory=list)

    async def send(self, key: int, target: str, by: str) -> Answer:
        self.told.append(("send", key, target, by))
        return self.answer

    async def stop(self, key: int, by: str) -> Answer:
        self.told.append(("stop", key, by))
        return self.answer

    async def call_back(self, key: int, by: str) -> Answer:
        self.told.append(("call_back", key, by))
        return self.answer

    async def done(self, key: int, by: str) -> Answer:
        self.told.append(("done", key, by))
        return self.answer


@dataclass
class Reply:
    status: int
    text: str
    headers: dict[str, str]


@dataclass
class Served:
    origin: str
    session: ClientSession
    desk: Pressed
    inspector: Inspector
    clerk: Clerk

    async def ask(self, path: str, method: str = "GET", data: Any = None, **headers: str) -> Reply:
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            headers = {"Origin": self.origin, **headers}
        async with self.session.request(
            method, self.origin + path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return Reply(answer.status, await answer.text(), dict(answer.headers))

    async def events(self, path: str, count: int) -> list[tuple[str, str]]:
        """Return the first events of a stream."""
        found: list[tuple[str, str]] = []
        async with self.session.get(self.origin + path) as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            name = ""
            async with asyncio.timeout(20):
                async for line in answer.content:
                    text = line.decode().rstrip("\n")
                    if text.startswith("event: "):
                        name = text[7:]
                    elif text.startswith("data: "):
                        found.append((name, text[6:]))
                        if len(found) == count:
                            break
        return found


@asynccontextmanager
async def served(
    url: str = "", recordings: Path | None = None, known: People = NOBODY, *, desk: bool = True
) -> AsyncIterator[Served]:
    book = playbook()
    shelf = Shelf(url or book.url, "Europe/Moscow", recordings or book.recordings)
    clerk, pressed = Clerk(shelf), Pressed()
    inspector = Inspector(clerk, Access("", lambda: NOW, known), "ru", pressed if desk else None)
    server = WebServer("127.0.0.1", 0, inspector.routes)
    await server.start()
    try:
        async with ClientSession(cookie_jar=DummyCookieJar()) as session:
            yield Served(f"http://127.0.0.1:{server.port}", session, pressed, inspector, clerk)
    finally:
        await inspector.close()
        await server.close()


SEES = people(rights="olga: see; boris: see numbers listen act")
"""Olga sees, Boris may do everything."""


def rows(data: str) -> list[str]:
    return list(json.loads(data)["rows"].values())
