"""Open pages of the inspector, as browsers hold them (its static/inspector.js), in a process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
from collections.abc import AsyncIterator, Callable
from itertools import cycle

import aiohttp

from tests.bench.measure import PATIENCE

NICE = 10
"""They share a core with the driver, whose times must not be theirs."""
LOOKS = ("ru.dark", "en.light")
COMES_BACK = 3.0
"""Seconds after which a browser opens a stream again that has ended."""

_LONGEST_LINE = 2**22
_LIVE = re.compile(r'<tr data-key="(\d+)" class="state-')

Count = Callable[[list[str]], None]


async def serve_readers(port: int, pages: int, count: Count) -> None:
    """Hold *pages* of the service at *port* open: one half the list, the other half calls that are live now.

    Args:
        port: where its pages are.
        pages: how many.
        count: told of each page that was sent (``pages``), of each event (``events``), and of each page that
            was refused (``refused``).

    Raises:
        RuntimeError: a page could not be made.
        TimeoutError: a stream said nothing.
    """
    os.nice(NICE)
    limits = aiohttp.ClientTimeout(total=None)
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(
        f"http://127.0.0.1:{port}",
        connector=connector,
        timeout=limits,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=_LONGEST_LINE,
    ) as browser:
        async with browser.get("/calls") as answer:
            keys = cycle(_LIVE.findall(await answer.text()) or [""])
        held = [
            _Page(browser, LOOKS[number // 2 % len(LOOKS)], next(keys) if number % 2 else "", count)
            for number in range(pages)
        ]
        for page in held:
            await page.renew()
        async with asyncio.TaskGroup() as group:
            for page in held:
                group.create_task(page.follow())
                group.create_task(page.keep_new())
            async with asyncio.timeout(PATIENCE):
                for page in held:
                    await page.told.wait()
            print(port, flush=True)


class _Page:
    """A page that is open: the list, or the call of that *key*."""

    def __init__(self, browser: aiohttp.ClientSession, look: str, key: str, count: Count) -> None:
        self._browser = browser
        self._cookie = {"Cookie": f"ivr_look={look}"}
        self._path = f"/calls/{key}" if key else "/calls"
        self._stream = f"/live?call={key}" if key else "/live"
        self._count = count
        self._rows: set[str] = set()
        self._wanted = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None
        self.told = asyncio.Event()
        """The stream has said something."""

    async def keep_new(self) -> None:
        """Fetch the page again whenever that is wanted."""
        while await self._wanted.wait():
            self._wanted.clear()
            await self.renew()

    async def renew(self) -> None:
        """Fetch the page."""
        async with self._browser.get(self._path, headers=self._cookie) as answer:
            await answer.read()
            if answer.status not in (200, 503):
                raise RuntimeError(f"{self._path} was answered {answer.status}")
            self._count(["pages" if answer.status == 200 else "refused"])

    async def follow(self) -> None:
        """Do what the stream's events ask for."""
        while True:
            async with self._browser.get(self._stream, headers=self._cookie) as answer:
                if answer.status == 204:
                    return
                async for name, data in _events(answer):
                    self._count(["events"])
                    self._hear(name, data)
            await asyncio.sleep(COMES_BACK)

    def _hear(self, name: str, data: str) -> None:
        match name:
            case "rows":
                rows = set(json.loads(data)["order"])
                if self._rows - rows and not self._soon:
                    self._later(1 + random.random() * 4)
                self._rows = rows
            case "moved":
                self._later(random.random() * 0.3)
            case "over":
                self._later(0.2)
        if name != "clock":
            self.told.set()

    def _later(self, seconds: float) -> None:
        if self._soon:
            self._soon.cancel()
        self._soon = asyncio.get_running_loop().call_later(seconds, self._fetch)

    def _fetch(self) -> None:
        self._soon = None
        self._wanted.set()


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[tuple[str, str]]:
    """Yield the name and the data of each event, each of which has one line of data."""
    name = ""
    async for line in answer.content:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data" or (field == "data:" and not value):
            yield name, value
