"""What is served where, and which links lead there."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from ivr_fsm.settings import Settings
from ivr_fsm.site import Site
from ivr_fsm.web.server import WebServer
from tests.cli.book import Book

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
URL = "https://calls.example/ivr"
TOKEN = "0123456789abcdef"


def site(folder: Path, **given: Any) -> Site:
    settings = {"journal": f"sqlite:///{folder}/journal.db", "recordings": folder, **given}
    return Site(Settings(**settings), lambda: NOW)


def paths(of: Site) -> set[str]:
    return {str(route.path) for route in of.routes}  # type: ignore[attr-defined]


def test_without_a_journal_there_are_recordings_alone(tmp_path: Path) -> None:
    kept, none = site(tmp_path), site(tmp_path, journal="none")
    assert {"/calls", "/flow", "/live", "/login"} <= paths(kept)
    assert all("recordings" in path for path in paths(none))
    assert paths(none) <= paths(kept)


def test_links(tmp_path: Path) -> None:
    book = Book(tmp_path)
    book.begin().hangs_up()
    [call] = book.reader.call(book.ids[0])
    book.close()
    outside = {"web_url": f"{URL}/", "web_token": TOKEN}
    assert site(tmp_path, **outside).call_link(call) == f"{URL}/calls/{call.call}"
    assert site(tmp_path).call_link(call) is None, "it is not known where we are reached"
    assert site(tmp_path, journal="none", **outside).call_link(call) is None
    link = site(tmp_path, **outside).recording_link(call.call)
    assert link
    assert link.startswith(f"{URL}/recordings/{call.call}.wav?")


async def test_pages_are_served_and_end(tmp_path: Path) -> None:
    Book(tmp_path).close()
    made = site(tmp_path)
    server = WebServer("127.0.0.1", 0, made.routes)
    await server.start()
    made.start()
    try:
        async with ClientSession(f"http://127.0.0.1:{server.port}") as session:
            async with session.get("/") as answer:
                assert answer.url.path == "/calls"
                assert answer.status == 200
            async with session.post("/calls/abcd0000/stop", headers={"Sec-Fetch-Site": "same-origin"}) as no:
                assert no.status == 409, "these are the pages of a journal alone"
    finally:
        await made.close()
        await server.close()


@pytest.mark.parametrize("journal", ["none", ""])
async def test_what_was_never_asked_for_ends_too(tmp_path: Path, journal: str) -> None:
    made = site(tmp_path, **({"journal": journal} if journal else {}))
    await made.close()
