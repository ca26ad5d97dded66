"""Rows of live calls: made anew only when a call moved, all for a new page, the difference for others."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.book import Book, WrittenCall
from tests.flow.clock import ORDER

from ivr_fsm.web.inspector import live as module
from ivr_fsm.web.inspector.archive import Archive, Shelf
from ivr_fsm.web.inspector.live import LiveRows, Tick
from ivr_fsm.web.inspector.look import Look

RUSSIAN, ENGLISH = Look(), Look(language="en")


class Watched:
    """A journal that is being written, and the rows of its live calls."""

    def __init__(self, folder: Path) -> None:
        self.book = Book(folder)
        self.rows = LiveRows(Archive(Shelf(self.book.url, "Europe/Moscow")))

    def key(self, call: WrittenCall) -> str:
        [found] = self.book.reader.call(call.id)
        return str(found.key)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.book.close()


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Which rows were made."""
    made: list[object] = []
    make = module.live_row

    def counted(*args: object) -> object:
        row = make(*args)  # type: ignore[arg-type]
        made.append(str(row.key))
        return row

    monkeypatch.setattr(module, "live_row", counted)
    return made


def rows(event: str) -> dict[str, str]:
    return dict(json.loads(event)["rows"]) if event else {}


def order(tick: Tick) -> list[str]:
    return list(json.loads(tick.whole)["order"])


def test_only_what_moved_is_made_anew_and_told(watched: Watched, rendered: list[object]) -> None:
    first, second = watched.book.begin("00000001"), watched.book.begin("00000002")
    one, two = watched.key(first), watched.key(second)
    tick = watched.rows.tick(RUSSIAN)
    assert order(tick) == sorted([one, two], key=int, reverse=True)
    assert rows(tick.whole).keys() == rows(tick.news).keys() == {one, two}
    assert set(rendered) == {one, two}
    rendered.clear()
    assert watched.rows.tick(RUSSIAN).news == ""
    assert rendered == []
    second.identified(ORDER)
    tick = watched.rows.tick(RUSSIAN)
    assert rendered == [two]
    assert rows(tick.news).keys() == {two}
    assert rows(tick.whole).keys() == {one, two}
    assert tick.lengths == {int(one): 1, int(two): 2}


def test_a_step_that_stays_in_its_state_is_told_too(watched: Watched) -> None:
    call = watched.book.begin()
    call.identified(ORDER)
    call.prompt_ends()
    watched.rows.tick(RUSSIAN)
    call.press("7")
    assert rows(watched.rows.tick(RUSSIAN).news).keys() == {watched.key(call)}


def test_a_call_that_is_over_goes(watched: Watched) -> None:
    stays, goes = watched.book.begin("00000001"), watched.book.begin("00000002")
    watched.rows.tick(RUSSIAN)
    goes.hangs_up()
    tick = watched.rows.tick(RUSSIAN)
    assert tick.news
    assert rows(tick.news) == {}
    assert order(tick) == json.loads(tick.news)["order"] == [watched.key(stays)]
    assert int(watched.key(goes)) not in tick.lengths
    assert watched.rows.tick(RUSSIAN).news == ""


def test_pages_of_another_look_have_rows_of_their_own(watched: Watched) -> None:
    call = watched.book.begin()
    call.identified(ORDER)
    key = watched.key(call)
    russian, english = watched.rows.tick(RUSSIAN), watched.rows.tick(ENGLISH)
    masked = watched.rows.tick(Look(numbers=False))
    assert rows(russian.whole)[key] != rows(english.whole)[key]
    assert "+79161234567" in rows(russian.whole)[key]
    assert "1234567" not in masked.whole
    call.prompt_ends()
    assert all(watched.rows.tick(look).news for look in (RUSSIAN, ENGLISH, Look(numbers=False)))


def test_who_comes_back_is_told_all(watched: Watched) -> None:
    call = watched.book.begin()
    watched.rows.tick(RUSSIAN)
    watched.rows.forget({ENGLISH})
    assert rows(watched.rows.tick(RUSSIAN).news).keys() == {watched.key(call)}


def test_a_page_that_is_opened_takes_nothing_from_those_that_are_open(watched: Watched) -> None:
    call = watched.book.begin()
    watched.rows.tick(RUSSIAN)
    call.identified(ORDER)
    assert watched.rows.shown(RUSSIAN).keys() == {int(watched.key(call))}
    assert rows(watched.rows.tick(RUSSIAN).news).keys() == {watched.key(call)}


def test_calls_without_a_row_are_live_all_the_same(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 1)
    first, second = watched.book.begin("00000001"), watched.book.begin("00000002")
    first.identified(ORDER)
    one, two = watched.key(first), watched.key(second)
    tick = watched.rows.tick(RUSSIAN)
    assert order(tick) == [max(one, two, key=int)]
    assert json.loads(tick.whole)["count"] == 2
    assert tick.lengths == {int(one): 2, int(two): 1}


def test_nobody_is_on_the_line(watched: Watched) -> None:
    tick = watched.rows.tick(RUSSIAN)
    assert (rows(tick.whole), order(tick), tick.lengths) == ({}, [], {})


def test_who_rings_and_who_talks(watched: Watched) -> None:
    call = watched.book.begin()
    call.identified(ORDER)
    call.press("1")
    key = watched.key(call)
    call.rings("shop")
    ringing = rows(watched.rows.tick(RUSSIAN).whole)[key]
    assert "74951110001" in ringing
    assert "74951110002" in ringing
    call.ends("shop", 1)
    ringing = rows(watched.rows.tick(RUSSIAN).whole)[key]
    assert "74951110001" in ringing
    assert "74951110002" not in ringing
    call.answers("shop")
    assert "74951110001" in rows(watched.rows.tick(RUSSIAN).whole)[key]


def test_more_calls_than_are_shown(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 2)
    calls = [watched.book.begin(f"0000000{index}") for index in range(3)]
    tick = watched.rows.tick(RUSSIAN)
    keys = sorted((watched.key(call) for call in calls), key=int, reverse=True)
    assert order(tick) == keys[:2]
