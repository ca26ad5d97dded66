"""Recordings over real HTTP."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientSession, ClientTimeout
from multidict import CIMultiDictProxy

from ivr_fsm.web import recordings as module
from ivr_fsm.web.access import Access
from ivr_fsm.web.recordings import Recordings
from ivr_fsm.web.server import WebServer

TOKEN = "0123456789abcdef"
CALL = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"
SOUND = bytes(range(256)) * 3000
"""More than is read at once."""


class Site:
    """A folder of recordings, served."""

    def __init__(self, folder: Path, token: str) -> None:
        access = Access(token, lambda: datetime.now(UTC))
        self.folder = folder
        self.recordings = Recordings(folder, access, "https://calls.example/ivr/", timedelta(days=1))
        self.server = WebServer("127.0.0.1", 0, self.recordings.routes)
        self.session = ClientSession(timeout=ClientTimeout(10))

    def url(self, path: str = f"/recordings/{CALL}.wav") -> str:
        return f"http://127.0.0.1:{self.server.port}{path}"

    async def get(
        self, path: str = f"/recordings/{CALL}.wav", method: str = "GET", **headers: str
    ) -> tuple[int, CIMultiDictProxy[str], bytes]:
        given = {"Authorization": f"Bearer {TOKEN}", **headers}
        async with self.session.request(method, self.url(path), headers=given) as response:
            return response.status, response.headers, await response.read()


@asynccontextmanager
async def serving(folder: Path, token: str = TOKEN) -> AsyncIterator[Site]:
    site = Site(folder, token)
    await site.server.start()
    yield site
    await site.session.close()
    await site.server.close()
    site.recordings.close()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    (tmp_path / f"{CALL}.wav").write_bytes(SOUND)
    async with serving(tmp_path) as site:
        yield site


async def test_a_recording_is_served_to_nobodys_cache(site: Site) -> None:
    status, headers, body = await site.get()
    assert (status, body) == (200, SOUND)
    assert headers["Content-Type"] == "audio/wav"
    assert headers["Content-Length"] == str(len(SOUND))
    assert headers["Content-Disposition"] == f'inline; filename="{CALL}.wav"'
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Accept-Ranges"] == "bytes"


async def test_head_tells_of_it_without_it(site: Site) -> None:
    status, headers, body = await site.get(method="HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(SOUND)), b"")


@pytest.mark.parametrize(
    ("wanted", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=44-99", 44, 100),
        ("bytes=700000-", 700_000, 768_000),
        ("bytes=-10", 767_990, 768_000),
        ("bytes=0-99999999", 0, 768_000),
    ],
)
async def test_a_range(site: Site, wanted: str, begin: int, end: int) -> None:
    status, headers, body = await site.get(Range=wanted)
    assert (status, body) == (206, SOUND[begin:end])
    assert headers["Content-Range"] == f"bytes {begin}-{end - 1}/{len(SOUND)}"


async def test_a_range_beyond_the_end(site: Site) -> None:
    status, headers, _ = await site.get(Range="bytes=768000-")
    assert (status, headers["Content-Range"]) == (416, "bytes */768000")


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "bytes=5-2", "seconds=0-1", "bytes=x", ""])
async def test_a_range_that_is_not_understood_gives_the_whole(site: Site, wanted: str) -> None:
    status, _, body = await site.get(Range=wanted)
    assert (status, body) == (200, SOUND)


async def test_a_part_of_what_has_changed_meanwhile_is_the_whole_anew(site: Site) -> None:
    _, headers, _ = await site.get(Range="bytes=0-9")
    assert (await site.get(**{"Range": "bytes=10-19", "If-Range": headers["ETag"]}))[0] == 206
    (site.folder / f"{CALL}.wav").write_bytes(SOUND + b"more")
    status, _, body = await site.get(**{"Range": "bytes=10-19", "If-Range": headers["ETag"]})
    assert (status, body) == (200, SOUND + b"more")


async def test_what_was_removed_is_not_there(site: Site) -> None:
    (site.folder / f"{CALL}.wav").unlink()
    assert (await site.get())[0] == 404


@pytest.mark.parametrize(
    "name",
    [
        "passwd",
        f"{CALL}",
        f"{CALL.upper()}.wav",
        f"{CALL}.wav.wav",
        f"..%2Fsecret%2F{CALL}.wav",
        f"%2e%2e/{CALL}.wav",
        f"{CALL}.wav%00",
        f"{CALL}.wav%0a",
        "",
    ],
)
async def test_nothing_else_is_served(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "served").mkdir()
    for where in (tmp_path, tmp_path / "secret"):
        (where / f"{CALL}.wav").write_bytes(b"secret")
    (tmp_path / "served" / "passwd").write_bytes(b"secret")
    async with serving(tmp_path / "served") as site:
        status, _, body = await site.get(f"/recordings/{name}")
    assert status == 404
    assert b"secret" not in body


async def test_no_link_is_followed_and_no_pipe_waited_for(site: Site) -> None:
    file = site.folder / f"{CALL}.wav"
    (site.folder / "elsewhere").write_bytes(SOUND)
    file.unlink()
    file.symlink_to(site.folder / "elsewhere")
    assert (await site.get())[0] == 404
    file.unlink()
    os.mkfifo(file)
    assert (await site.get())[0] == 404


async def test_who_may_not_does_not_learn_what_is_there(site: Site) -> None:
    there = await site.get(Authorization="Bearer wrong")
    (site.folder / f"{CALL}.wav").unlink()
    gone = await site.get(Authorization="Bearer wrong")
    assert there[0] == gone[0] == 401
    assert there[2] == gone[2]


async def test_a_link_needs_no_token(site: Site) -> None:
    link = site.recordings.link(CALL)
    assert link is not None
    assert link.startswith("https://calls.example/ivr/recordings/")
    path = urlsplit(link).path.removeprefix("/ivr")
    status, _, body = await site.get(f"{path}?{urlsplit(link).query}", Authorization="")
    assert (status, body) == (200, SOUND)


@pytest.mark.parametrize(("folder", "url"), [(None, "https://calls.example"), (Path("x"), "")])
async def test_no_link_where_there_is_nothing_to_link_to(folder: Path | None, url: str) -> None:
    assert Recordings(folder, Access("", lambda: datetime.now(UTC)), url, timedelta(1)).link(CALL) is None


async def test_without_a_token_this_machine_may(tmp_path: Path) -> None:
    (tmp_path / f"{CALL}.wav").write_bytes(SOUND)
    async with serving(tmp_path, token="") as site:
        assert (await site.get(Authorization=""))[0] == 200
        assert (await site.get(Authorization="", Host="calls.example"))[0] == 403


async def test_so_many_at_once_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 1)
    (site.folder / f"{CALL}.wav").write_bytes(SOUND * 20)
    async with site.session.get(site.url(), headers={"Authorization": f"Bearer {TOKEN}"}) as slow:
        assert (await site.get())[0] == 503
        assert len(await slow.read()) == 20 * len(SOUND)
    assert (await site.get(Range="bytes=0-9"))[0] == 206


async def test_whoever_stops_reading_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALLED", 0.05)
    (site.folder / f"{CALL}.wav").write_bytes(SOUND * 40)
    reader, writer = await asyncio.open_connection("127.0.0.1", site.server.port, limit=1000)
    asked = f"GET /recordings/{CALL}.wav HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    writer.write(asked.encode())
    writer.transport.pause_reading()
    for served in (1, 0):
        async with asyncio.timeout(5):
            while site.recordings._serving != served:  # noqa: ASYNC110 - it has no event for that
                await asyncio.sleep(0.005)
    writer.transport.resume_reading()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(40 * len(SOUND))
    writer.close()


async def test_a_port_that_is_taken_is_told_and_ends_nothing(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    second = WebServer("127.0.0.1", site.server.port, [])
    await second.start()
    await second.close()
    assert "web server not started" in capsys.readouterr().out
    assert (await site.get())[0] == 200
