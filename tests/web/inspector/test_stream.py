"""What open pages are told, on a virtual clock: who asks, who is slow, how it ends."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar
from tests.web.site import NOW

from ivr_fsm.web.access import Access
from ivr_fsm.web.inspector import stream
from ivr_fsm.web.inspector.clerk import Busy
from ivr_fsm.web.inspector.live import Tick
from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.routes import Inspector
from ivr_fsm.web.server import WebServer

pytestmark = pytest.mark.virtual

Looked = Callable[[int], Tick]
"""What is seen at the look of that number, from 1."""


@dataclass
class Clerk:
    """Makes ticks as it is told to; the real one has a process of its own."""

    looked: Looked
    looks: list[tuple[Look, ...]] = field(default_factory=list)

    async def ask(self, _work: object, looks: tuple[Look, ...]) -> dict[Look, Tick]:
        self.looks.append(looks)
        return {look: self.looked(len(self.looks)) for look in looks}

    def close(self) -> None:
        pass


@dataclass
class Open:
    address: str
    session: ClientSession
    clerk: Clerk
    inspector: Inspector

    def page(self, path: str = "/live", **headers: str) -> Any:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(self.address + path, headers=given)


@asynccontextmanager
async def opened(looked: Looked) -> AsyncIterator[Open]:
    clerk = Clerk(looked)
    inspector = Inspector(clerk, Access("", lambda: NOW), "ru", None)  # type: ignore[arg-type]
    server = WebServer("127.0.0.1", 0, inspector.routes)
    await server.start()
    async with ClientSession(cookie_jar=DummyCookieJar(), timeout=ClientTimeout(None)) as session:
        yield Open(f"http://127.0.0.1:{server.port}", session, clerk, inspector)
    await inspector.close()
    await server.close()


def quiet(_number: int) -> Tick:
    return Tick("whole", "", {5: 3})


def data(text: str) -> list[tuple[str, str]]:
    """Return the events of a stream, without comments and clocks."""
    found = []
    for each in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in each.splitlines() if not line.startswith(":"))
        if "event" in lines and lines["event"] != "clock":
            found.append((lines["event"], lines["data"]))
    return found


async def test_who_comes_is_told_all_and_the_others_the_difference() -> None:
    async with (
        opened(lambda number: Tick(f"whole {number}", f"news {number}", {})) as site,
        site.page() as first,
    ):
        await asyncio.sleep(1.5)
        async with site.page() as second:
            await asyncio.sleep(1)
            said = [await page.content.read(4096) for page in (first, second)]
    assert [data(each.decode()) for each in said] == [
        [("rows", "whole 1"), ("rows", "news 2"), ("rows", "news 3")],
        [("rows", "whole 3")],
    ]


async def test_nothing_is_said_where_nothing_moves_but_that_we_are_there() -> None:
    async with opened(quiet) as site, site.page() as page:
        await asyncio.sleep(stream.ALIVE * 2 + 5)
        text = (await page.content.read(4096)).decode()
    assert data(text) == [("rows", "whole")]
    assert text.count(": alive") == 2


async def test_a_stream_ends_so_that_rights_are_looked_at_again() -> None:
    async with opened(quiet) as site:
        begun = asyncio.get_running_loop().time()
        async with site.page() as page:
            await page.text()
        assert stream.LONGEST <= asyncio.get_running_loop().time() - begun <= stream.LONGEST + stream.ALIVE
        looked = len(site.clerk.looks)
        await asyncio.sleep(10)
        assert len(site.clerk.looks) <= looked + 1, "nobody looks where no page is open"
        async with site.page() as page:
            await asyncio.sleep(2)
            assert data((await page.content.read(4096)).decode()) == [("rows", "whole")]


async def test_a_calls_page_is_told_when_it_moved_and_when_it_is_over() -> None:
    lengths = [{5: 3}, {5: 3, 6: 1}, {5: 4}, {6: 2}]
    async with opened(lambda number: Tick("", "", lengths[min(number, 4) - 1])) as site:
        async with site.page("/live?call=5") as page:
            text = await page.text()
        assert data(text) == [("moved", "3"), ("moved", "4"), ("over", "")]
        assert "id: over\n" in text
        async with site.page("/live?call=5", Last_Event_ID=stream.OVER) as page:
            assert page.status == 204


async def test_pages_of_one_look_are_looked_for_once() -> None:
    async with opened(quiet) as site:
        async with site.page(), site.page(Cookie="ivr_look=ru.dark"), site.page(Cookie="ivr_look=en."):
            await asyncio.sleep(1.5)
        assert {look.language for look in site.clerk.looks[-1]} == {"ru", "en"}
        assert len(site.clerk.looks[-1]) == 2


async def test_what_cannot_be_looked_at_is_tried_again() -> None:
    def looked(number: int) -> Tick:
        if number < 3:
            raise Busy("too many pages are wanted at once")
        if number == 3:
            raise OSError("no more files")
        return Tick("whole", "news", {})

    with structlog.testing.capture_logs() as logs:
        async with opened(looked) as site, site.page() as page:
            await asyncio.sleep(3.5)
            assert data((await page.content.read(4096)).decode()) == [("rows", "whole")]
    assert [each["why"] for each in logs if each["log_level"] != "info"] == []


async def test_pages_are_let_go_when_the_journal_cannot_be_read() -> None:
    broken = [True]

    def looked(number: int) -> Tick:
        if broken[0] and number > 2:
            raise OSError("no such table")
        return Tick("whole", "", {})

    with structlog.testing.capture_logs() as logs:
        async with opened(looked) as site:
            async with site.page() as page:
                await page.text()
            async with site.page() as refused:
                assert refused.status == 503
            broken[0] = False
            async with site.page() as again:
                assert again.status == 200
                await asyncio.sleep(2)
                assert data((await again.content.read(4096)).decode()) == [("rows", "whole")]
    assert [each["why"] for each in logs if each["log_level"] != "info"] == ["no such table"]


async def test_too_many_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MOST", 2)
    async with opened(quiet) as site:
        async with site.page(), site.page(), site.page() as third:
            assert third.status == 503
            assert int(third.headers["Retry-After"]) > 0
        await asyncio.sleep(2 * stream.ALIVE)
        async with site.page() as later:
            assert later.status == 200, "whoever has gone does not count"


async def test_who_does_not_read_is_let_go_and_holds_nobody_up() -> None:
    much = "x" * 2_000_000
    with structlog.testing.capture_logs() as logs:
        async with opened(lambda number: Tick(much, f"{number} {much}", {})) as site:
            port = int(site.address.rpartition(":")[2])
            deaf = socket.create_connection(("127.0.0.1", port))
            deaf.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            async with site.page("/live?call=5") as page:
                assert data(await page.text()) == [("over", "")]
            await asyncio.sleep(stream.ALIVE + stream.BEHIND + 60)
            looked = len(site.clerk.looks)
            await asyncio.sleep(60)
            assert len(site.clerk.looks) == looked, "nobody is left who would be told"
            await asyncio.to_thread(_read_all, deaf)
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []


def _read_all(deaf: socket.socket) -> None:
    """Read until the other side has closed."""
    deaf.settimeout(20)
    try:
        while deaf.recv(1 << 20):
            pass
    except ConnectionResetError:
        pass
    deaf.close()


async def test_pages_are_let_go_when_the_service_stops() -> None:
    async with opened(quiet) as site, site.page() as page:
        read = asyncio.create_task(page.text())
        await asyncio.sleep(1.5)
        assert not read.done()
        await site.inspector.close()
        assert data(await read) == [("rows", "whole")]
