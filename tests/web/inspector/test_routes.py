from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

import pytest
from tests.cli.book import Book
from tests.flow.clock import NOON, ORDER
from tests.playbook import playbook
from tests.web.inspector.served import SEES, rows, served
from tests.web.site import BORIS, OLGA

from ivr_fsm.call.desk import Answer
from ivr_fsm.flow.caller import Customer
from ivr_fsm.web.inspector import made
from ivr_fsm.web.inspector.clerk import Busy

NUMBER = re.compile(r"(?<![\w-])\+?7\d{10}(?!\w)")


async def test_every_call_of_the_demo_has_its_page() -> None:
    book = playbook()
    async with served() as site:
        for call in book.calls:
            page = await site.ask(f"/calls/{call.key}")
            assert page.status == 200
            steps = book.reader.steps(call.key)
            for step in steps:
                if step.moved:
                    assert f'id="s{step.number}"' in page.text
            assert call.call in page.text
            said = json.loads((await site.ask(f"/calls/{call.key}.json")).text)
            assert [each["number"] for each in said["steps"]] == [step.number for step in steps]
            assert (await site.ask(f"/calls/{call.call}")).status == 200


async def test_the_list_goes_back_and_forth_without_loss(tmp_path: Path) -> None:
    book = Book(tmp_path)
    for index in range(120):
        live = book.begin(f"{index:08x}", f"+791600000{index % 100:02}", NOON)
        live.hangs_up()
    book.close()
    async with served(book.url) as site:
        pages, address = [], "/calls"
        while address:
            text = (await site.ask(address)).text
            pages.append(re.findall(r'<tr data-key="(\d+)"', text))
            onward = re.search(r'rel="next" href="([^"]+)"', text)
            address = f"/{onward[1]}".replace("&amp;", "&") if onward else ""
        assert [len(page) for page in pages] == [50, 50, 20]
        assert len({key for page in pages for key in page}) == 120
        back = re.search(r'rel="prev" href="([^"]+)"', text)
        assert back
        text = (await site.ask("/" + back[1].replace("&amp;", "&"))).text
        assert re.findall(r'<tr data-key="(\d+)"', text) == pages[1]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=мария&outcome=unanswered", {"nobody", "called-back"}),
        ("q=+7 999 000-00-00", {"unknown", "abandoned-unanswered"}),
        ("q=10544", {"bad-phones"}),
        ("in=menu", {"abandoned-menu"}),
        ("by=transfer", {"transfer"}),
        ("kind=partner", {"partner", "abandoned-partner"}),
        ("q=a093e7a5", {"call-centre"}),
        ("since=2026-06-02", set()),
        ("until=2026-05-31", set()),
        ("q=%25", set()),
    ],
)
async def test_filters(query: str, names: set[str]) -> None:
    book = playbook()
    async with served() as site:
        text = (await site.ask(f"/calls?{query.replace('+', '%2B').replace(' ', '%20')}")).text
        found = set(re.findall(r'<tr data-key="(\d+)"', text))
        assert found == {str(book.call(name).key) for name in names}


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/calls?since=yesterday", "не дата"),
        ("/calls?before=x", "испорчена"),
        ("/calls?before=99999999999999999999", "испорчена"),
        ("/calls?outcome=%3Cscript%3E", "История"),
        ("/calls?q=%00%3Cscript%3E", "нет"),
        ("/flow?period=never", "неделя"),
    ],
)
async def test_what_cannot_be_understood(address: str, said: str) -> None:
    async with served() as site:
        page = await site.ask(address)
        assert page.status == 200
        assert said in page.text
        assert "<script>" not in page.text


async def test_what_is_not_there() -> None:
    async with served() as site:
        for path in ("/calls/ffffffff-ffff", "/calls/x", "/calls/%3Cscript%3E", "/calls/ffff.json"):
            page = await site.ask(path)
            assert page.status == 404
            assert "<script>" not in page.text
        for path in ("/static/../app.py", "/static/%2e%2e%2fru.toml", "/static/ru.toml"):
            assert (await site.ask(path)).status == 404
        assert (await site.ask("/live?call=x")).status == 400


async def test_numbers_are_for_those_who_may_see_them() -> None:
    book = playbook()
    async with served(known=SEES) as site:
        for call in book.calls[:8]:
            for path in (f"/calls/{call.key}?all=1&replay=1", f"/calls/{call.key}.json", "/calls", "/flow"):
                hidden = await site.ask(path, Authorization=f"Bearer {OLGA}")
                assert hidden.status == 200
                known = call.called, *(found for found in NUMBER.findall(hidden.text))
                assert [each for each in known[1:] if not each.startswith("79999")] == []
                whole = await site.ask(path, Authorization=f"Bearer {BORIS}")
                assert path == "/flow" or NUMBER.search(whole.text)
        blind = await site.ask("/calls?q=9161234567", Authorization=f"Bearer {OLGA}")
        whole = await site.ask("/calls?q=0000067", Authorization=f"Bearer {OLGA}")
        assert blind.text.count("data-key") == whole.text.count("data-key"), "only the last digits count"


async def test_nothing_is_done_by_who_may_not() -> None:
    key = playbook().call("nobody").key
    async with served(known=SEES) as site:
        path = f"/calls/{key}/call_back"
        assert (await site.ask(path, Authorization=f"Bearer {BORIS}")).status == 405
        assert (await site.ask(path, "POST", Authorization=f"Bearer {OLGA}")).status == 403
        assert (await site.ask(path, "POST")).status == 401
        done = await site.ask(path, "POST", Authorization=f"Bearer {BORIS}")
        assert (done.status, done.headers["Location"]) == (303, f"../{key}?done=taken")
        assert site.desk.told == [("call_back", key, "boris")]
        page = await site.ask(f"/calls/{key}", Authorization=f"Bearer {OLGA}")
        assert "<audio" not in page.text
        assert "/call_back" not in page.text


async def test_buttons() -> None:
    key = playbook().call("abandoned-menu").key
    async with served() as site:
        wanted = [
            ("send_office", ("send", key, "office", "Инспектор")),
            ("send_call_centre", ("send", key, "call_centre", "Инспектор")),
            ("stop", ("stop", key, "Инспектор")),
            ("call_back", ("call_back", key, "Инспектор")),
            ("done", ("done", key, "Инспектор")),
        ]
        for action, told in wanted:
            assert (await site.ask(f"/calls/{key}/{action}", "POST")).status == 303
            assert site.desk.told.pop() == told
        assert (await site.ask(f"/calls/{key}/explode", "POST")).status == 404
        assert (await site.ask("/calls/ffffffff/stop", "POST")).status == 404
        evil = await site.ask(f"/calls/{key}/stop", "POST", Origin="https://evil.example")
        assert evil.status == 403
        assert site.desk.told == []
        site.desk.answer = Answer.CLAIMED
        answer = await site.ask(f"/calls/{key}/call_back", "POST")
        page = await site.ask(f"/calls/{answer.headers['Location'].removeprefix('../')}")
        assert "уже перезванивает другой человек" in page.text


async def test_pages_of_a_journal_alone_have_no_buttons() -> None:
    key = playbook().call("abandoned-menu").key
    async with served(desk=False) as site:
        assert "/call_back" not in (await site.ask(f"/calls/{key}")).text
        assert (await site.ask(f"/calls/{key}/call_back", "POST")).status == 409


async def test_looks_are_kept_and_lead_nowhere_else() -> None:
    async with served() as site:
        chosen = await site.ask("/look", "POST", {"language": "en"}, Referer=f"{site.origin}/calls?q=x")
        assert (chosen.status, chosen.headers["Location"]) == (303, "/calls?q=x")
        assert chosen.headers["Set-Cookie"].startswith("ivr_look=en.;")
        for referer in ("https://evil.example//evil.example/x", "javascript:alert(1)", ""):
            elsewhere = await site.ask("/look", "POST", {"theme": "dark"}, Referer=referer)
            assert "evil" not in elsewhere.headers["Location"]
        wrong = await site.ask("/look", "POST", {"theme": "<script>", "language": "xx"})
        assert "Set-Cookie" not in wrong.headers
        english = await site.ask("/calls", Cookie="ivr_look=en.dark")
        assert '<html lang="en" data-theme="dark">' in english.text


async def test_hostile_names_are_only_text(tmp_path: Path) -> None:
    book = Book(tmp_path)
    name = "</svg><script>alert(1)</script>\u202e\x00'\" onload=x" + "я" * 300
    order = ORDER.order
    assert order is not None
    shop = type(order.shop)(order.shop.id, name, name, "javascript:alert(1)", order.shop.phones)
    caller = Customer(name, type(order)(name, shop, name, name, "javascript:alert(2)"), "data:text/html,x")
    live = book.begin()
    live.identified(caller)
    live.press("1")
    book.close()
    async with served(book.url) as site:
        for path in ("/calls", f"/calls/{live.id}?all=1&replay=1"):
            text = (await site.ask(path)).text
            assert "<script>alert" not in text
            assert "</svg><script" not in text
            assert 'href="javascript' not in text
            assert 'href="data' not in text
            assert "\x00" not in text
            assert "\u202e" not in text


async def test_a_journal_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    file.write_bytes(b"this is no database" * 100)
    async with served(f"sqlite:///{file}") as site:
        for path in ("/calls", "/calls/ffffffff", "/flow"):
            page = await site.ask(path)
            assert page.status == 503
            assert "Журнал сейчас недоступен" in page.text


async def test_the_process_that_makes_pages_is_begun_again() -> None:
    async with served() as site:
        pid = await site.clerk.ask(os.getpid)
        assert pid != os.getpid()
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(Busy):
            while True:
                await site.clerk.ask(os.getpid)
        assert await site.clerk.ask(os.getpid) != pid
        assert (await site.ask("/calls")).status == 200


async def test_live_calls_move_and_go(tmp_path: Path) -> None:
    book = Book(tmp_path)
    live = book.begin()
    key = book.reader.call(live.id)[0].key
    async with served(book.url) as site:
        clock, first = await site.events("/live", 2)
        assert (clock[0], first[0]) == ("clock", "rows")
        [row] = rows(first[1])
        assert "+79161234567" in row
        moved = await site.events(f"/live?call={key}", 2)
        assert moved[1][0] == "moved"
        assert "Сейчас" in (await site.ask(f"/calls/{key}")).text
        live.hangs_up()
        assert [name for name, _ in await site.events(f"/live?call={key}", 2)] == ["clock", "over"]
        assert (await site.ask("/live", Last_Event_ID="over")).status == 204
        look = made.Look(language="ru")
        told = (await site.clerk.ask(made.tick, (look,)))[look]
        assert rows(told.whole) == []
    book.close()


async def test_static_files_are_kept_by_browsers() -> None:
    async with served() as site:
        page = (await site.ask("/calls")).text
        for address in re.findall(r'(?:href|src)="(static/[^"]+)"', page):
            file = await site.ask(f"/{address}")
            assert (file.status, "immutable" in file.headers["Cache-Control"]) == (200, True)
