"""What comes over HTTP to whoever has not every right, and to whoever asks for what cannot be."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from tests.cli.book import Book
from tests.flow.clock import ORDER, PHONE
from tests.playbook import playbook
from tests.web.inspector.served import SEES, Served, served
from tests.web.site import BORIS, OLGA, people
from yarl import URL

from ivr_fsm.call.desk import Answer
from ivr_fsm.journal.entries import CallEntry

OLGAS, BORISS = f"Bearer {OLGA}", f"Bearer {BORIS}"


def phones_of(call: CallEntry) -> set[str]:
    """Return every number that the journal knows of a call."""
    found = {call.phone.lstrip("+"), call.answered_phone.lstrip("+")}
    for step in playbook().reader.steps(call.key):
        found |= {str(each["phone"]).lstrip("+") for each in step.commands if each["is"] == "Dial"}
    return {each for each in found if len(each) > 6}


def shows(text: str, phone: str) -> bool:
    return phone in re.sub(r"[ ()+-]", "", text)


async def test_no_number_of_any_call_is_anywhere() -> None:
    book = playbook()
    async with served(known=SEES) as site:
        listed = (await site.ask("/calls", Authorization=OLGAS)).text
        english = (await site.ask("/calls", Authorization=OLGAS, Cookie="ivr_look=en.")).text
        seen = 0
        for call in book.calls:
            texts = [listed, english]
            for path in (f"/calls/{call.key}?all=1&replay=1&unfold=1", f"/calls/{call.key}.json"):
                answer = await site.ask(path, Authorization=OLGAS)
                assert answer.status == 200
                texts.append(answer.text)
            for phone in phones_of(call):
                assert not any(shows(text, phone) for text in texts), (call.call, phone)
            whole = await site.ask(f"/calls/{call.key}.json", Authorization=BORISS)
            seen += sum(shows(whole.text, phone) for phone in phones_of(call))
        assert seen > 40, "who has the right sees them"


async def test_no_number_is_in_a_stream(tmp_path: Path) -> None:
    book = Book(tmp_path)
    live = book.begin()
    live.identified(ORDER)
    live.press("1")
    live.rings("shop")
    async with served(book.url, known=SEES) as site:
        for token, right in ((OLGAS, False), (BORISS, True)):
            site.session.headers["Authorization"] = token
            [_, (_, data)] = await site.events("/live", 2)
            assert shows(data, PHONE.lstrip("+")) is right
            assert shows(data, "74951110001") is right
            page = (await site.ask(f"/calls/{live.id}")).text
            assert shows(page, PHONE.lstrip("+")) is right
    book.close()


async def test_numbers_in_names_and_causes_are_hidden_too(tmp_path: Path) -> None:
    book = Book(tmp_path)
    live = book.begin()
    order = ORDER.order
    assert order
    live.identified(type(ORDER)("Иван, звоните +79031112233", order))
    live.press("2")
    live.ends("office", 0, "sip:79031112233@example")
    async with served(book.url, known=SEES) as site:
        for path in ("/calls", f"/calls/{live.id}?all=1&replay=1", f"/calls/{live.id}.json"):
            text = (await site.ask(path, Authorization=OLGAS)).text
            assert not shows(text, "79031112233"), path
    book.close()


@pytest.mark.parametrize("path", ["/calls", "/flow", "/live", "/calls/{key}", "/calls/{key}.json"])
async def test_whoever_may_not_see_sees_nothing(path: str) -> None:
    key = playbook().call("nobody").key
    nothing = people(rights="olga: listen; boris: see")
    async with served(known=nothing) as site:
        path = path.format(key=key)
        assert (await site.ask(path)).status == 401
        assert (await site.ask(path, Authorization="Bearer wrong")).status == 401
        refused = await site.ask(path, Authorization=OLGAS)
        assert refused.status == 403
        assert str(key) not in refused.text
        stranger = await site.ask(path, Accept="text/html")
        assert stranger.status == 303
        assert "login?next=" in stranger.headers["Location"]


async def test_who_may_not_listen_gets_no_sound_and_no_wave() -> None:
    call = playbook().call("shop")
    async with served(known=people(rights="olga: see numbers; boris: see numbers listen")) as site:
        deaf, hears = [
            (await site.ask(f"/calls/{call.key}", Authorization=who)).text for who in (OLGAS, BORISS)
        ]
    assert "<audio" not in deaf
    assert "recordings/" not in deaf
    assert 'class="wave"' not in deaf
    assert "у вас нет права её слушать" in deaf
    assert f'src="../recordings/{call.call}.wav"' in hears
    assert hears.count('polygon class="wave"') == 2


async def test_buttons_are_for_those_who_may_act() -> None:
    key = playbook().call("nobody").key
    async with served(known=SEES) as site:
        hers, his = [(await site.ask(f"/calls/{key}", Authorization=who)).text for who in (OLGAS, BORISS)]
    assert f"/calls/{key}/" not in hers
    assert f'action="../calls/{key}/call_back"' in his


@pytest.mark.parametrize("action", ["send_office", "send_call_centre", "stop", "call_back", "done"])
async def test_each_action_is_only_taken_as_it_ought_to_be(action: str) -> None:
    key = playbook().call("nobody").key
    async with served(known=SEES) as site:
        path = f"/calls/{key}/{action}"
        for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH"):
            assert (await site.ask(path, method, Authorization=BORISS)).status == 405
        assert (await site.ask(path, "POST")).status == 401
        assert (await site.ask(path, "POST", Authorization=OLGAS)).status == 403
        assert site.desk.told == []
    async with served() as site:
        for origin in ("https://evil.example", "null", f"{site.origin}.evil.example"):
            assert (await site.ask(path, "POST", Origin=origin)).status == 403
        crossed = await site.ask(path, "POST", Sec_Fetch_Site="cross-site")
        assert crossed.status == 403
        rebound = await site.ask(path, "POST", Host="evil.example", Origin="http://evil.example")
        assert rebound.status == 403
        assert site.desk.told == []


@pytest.mark.parametrize("answer", [each for each in Answer if each is not Answer.TAKEN])
async def test_what_could_not_be_done_is_said(answer: Answer) -> None:
    key = playbook().call("nobody").key
    async with served() as site:
        site.desk.answer = answer
        told = await site.ask(f"/calls/{key}/done", "POST")
        assert told.status == 303
        path = "/calls/" + told.headers["Location"].removeprefix("../")
        for language in ("ru", "en"):
            page = (await site.ask(path, Cookie=f"ivr_look={language}.")).text
            [said] = re.findall(r'<p class="notice bad" role="status">([^<]+)</p>', page)
            assert len(said) > 5


async def test_an_answer_that_nobody_gave_is_not_shown() -> None:
    key = playbook().call("nobody").key
    async with served() as site:
        page = (await site.ask(f"/calls/{key}?done=%3Cscript%3Ealert(1)%3C/script%3E")).text
    assert "alert(1)" not in page


# Calls that are not, or that are several


def twice(folder: Path) -> tuple[Book, str, str]:
    """A call whose first service died, and another whose id begins like its."""
    book = Book(folder)
    first = book.begin("abcd0001")
    book.lose()
    again = book.begin("abcd0001")
    again.hangs_up()
    other = book.begin("abcd0002")
    other.hangs_up()
    return book, first.id, other.id


async def test_several_lives_and_ids_that_begin_alike(tmp_path: Path) -> None:
    book, lived_twice, other = twice(tmp_path)
    lives = book.reader.call(lived_twice)
    assert len(lives) == 2
    async with served(book.url) as site:
        several = await site.ask(f"/calls/{lived_twice}")
        assert several.status == 300
        for life in lives:
            assert f'href="../calls/{life.key}"' in several.text
            page = await site.ask(f"/calls/{life.key}")
            assert page.status == 200
        assert (await site.ask(f"/calls/{lived_twice}.json")).status == 300
        assert (await site.ask("/calls/abcd")).text.count('href="../calls/') >= 3
        assert (await site.ask(f"/calls/{other[:8]}")).status == 200
        assert (await site.ask("/calls/abcd0001/stop", "POST")).status == 404
        assert site.desk.told == []
    book.close()


@pytest.mark.parametrize("name", ["ffffffff-ffff", "x", "0" * 19, "9" * 40, "..", "%2e%2e%2f", "a" * 3000])
async def test_calls_that_there_are_not(name: str) -> None:
    async with served() as site:
        for path in (f"/calls/{name}", f"/calls/{name}.json", f"/calls/{name}/stop"):
            answer = await site.ask(path, "POST" if path.endswith("/stop") else "GET")
            assert answer.status in (404, 405, 302), (path, answer.status)
        assert site.desk.told == []


# What comes in


@pytest.mark.parametrize(
    "query",
    [
        {"q": "\x00"},
        {"q": "' OR 1=1"},
        {"q": "я" * 1000},
        {"since": "0001-01-01", "until": "9999-12-31"},
        {"since": "9999-12-31", "until": "0001-01-01"},
        {"since": "2026-02-30"},
        {"since": "1" * 5000},
        {"before": "0", "after": "0"},
        {"before": "-1"},
        {"before": "١٢"},
        {"after": str(2**63 - 1)},
        {"after": str(2**63)},
        {"in": "menu' --"},
        {"outcome": "answered:shop"},
        {"unknown": "x"},
    ],
)
async def test_whatever_is_asked_of_the_list(query: dict[str, str]) -> None:
    async with served() as site:
        async with site.session.get(f"{site.origin}/calls", params=query) as answer:
            text = await answer.text()
        assert answer.status == 200
        assert "\x00" not in text


@pytest.mark.parametrize("cursor", [{"before": "0"}, {"after": str(2**63 - 1)}])
async def test_a_link_to_a_part_of_the_list_that_is_gone_leads_to_its_beginning(
    cursor: dict[str, str],
) -> None:
    async with served() as site:
        async with site.session.get(f"{site.origin}/calls", params=cursor) as answer:
            text = await answer.text()
        first = (await site.ask("/calls")).text
    rows = re.findall(r'<tr data-key="(\d+)"', text)
    assert rows == (re.findall(r'<tr data-key="(\d+)"', first) if "after" in cursor else [])
    if "before" in cursor:
        assert 'rel="prev" href="calls"' in text


@pytest.mark.parametrize("path", ["/calls?q=%ED%A0%80", "/calls?q=%FF%FE", "/calls/%ED%A0%80", "/calls/%FF"])
async def test_what_is_no_text(path: str) -> None:
    async with served() as site, site.session.get(URL(site.origin + path, encoded=True)) as answer:
        assert answer.status in (200, 404)


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.example//evil.example/x",
        "http://[bad",
        "https://x/\\evil.example",
        "//evil.example",
        "data:text/html,x",
        "http://host:port/calls",
    ],
)
async def test_whatever_page_a_look_was_chosen_on(referer: str) -> None:
    async with served() as site:
        answer = await site.ask("/look", "POST", {"theme": "dark"}, Referer=referer)
        assert answer.status == 303
        location = answer.headers["Location"]
        assert "//" not in location
        assert "\\" not in location
        assert ":" not in location
        assert answer.headers["Set-Cookie"].startswith("ivr_look=ru.dark;")


@pytest.mark.parametrize("cookie", ["ru.pink", "xx.dark", "<script>", "..", "en.dark.more", '"en.dark"; x'])
async def test_whatever_a_cookie_says(cookie: str) -> None:
    async with served() as site:
        page = await site.ask("/calls", Cookie=f"ivr_look={cookie}")
        assert page.status == 200
        assert re.search(r'<html lang="(ru|en)"( data-theme="(dark|light)")?>', page.text)
        assert (await site.ask("/look", Cookie=f"ivr_look={cookie}")).status == 405


async def test_a_journal_that_cannot_be_read_is_said_for_every_page_and_button(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    file.write_bytes(b"this is no database" * 100)
    async with served(f"sqlite:///{file}") as site:
        for path in ("/calls", "/calls/abcdef01", "/calls/abcdef01.json", "/flow"):
            page = await site.ask(path)
            assert page.status == 503
            assert "<h1>" in page.text
        pressed = await site.ask("/calls/abcdef01/stop", "POST")
        assert pressed.status == 503
        assert site.desk.told == []


# What goes out


async def test_pages_are_kept_by_nobody_and_framed_by_nobody() -> None:
    async with served() as site:
        for path in ("/calls", "/flow", f"/calls/{playbook().call('shop').key}"):
            page = await site.ask(path)
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "no-store" in page.headers["Cache-Control"]
            assert "Cookie" in page.headers["Vary"]
            assert not re.search(r"<[^>]+\s(style|on[a-z]+)=", page.text), "the policy forbids it"
            assert "<style" not in page.text
            assert not re.search(r"<script(?! src=)", page.text)
            assert not re.search(r'(src|href|action)="(https?:)?//(?![a-z.]*example)', page.text)


async def test_a_document_is_offered_as_a_file() -> None:
    call = playbook().call("shop")
    async with served() as site:
        answer = await site.ask(f"/calls/{call.key}.json")
    assert answer.headers["Content-Disposition"] == f'attachment; filename="call-{call.call}.json"'
    assert answer.headers["Content-Type"].startswith("application/json")
    said = json.loads(answer.text)
    assert said["call"]["call"] == call.call


async def test_who_does_not_understand_gzip_gets_the_same(accepted: str = "identity") -> None:
    async with served() as site:
        plain = await site.ask("/flow?period=all", Accept_Encoding=accepted)
        packed = await site.ask("/flow?period=all", Accept_Encoding="gzip, br")
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert plain.text == packed.text


async def test_a_static_file_without_its_version_is_asked_for_again() -> None:
    async with served() as site:
        fresh = await site.ask("/static/inspector.css")
        assert fresh.headers["Cache-Control"] == "no-cache"
        for name in ("inspector.css%00", "..%2f..%2fen.toml", "INSPECTOR.CSS", "a" * 5000):
            assert (await site.ask(f"/static/{name}")).status in (400, 404)


async def _every_hostile_page(site: Served, call_id: str) -> list[str]:
    paths = ("/calls", f"/calls/{call_id}?all=1&replay=1", f"/calls/{call_id}", "/flow?period=all")
    return [
        (await site.ask(path, Cookie=f"ivr_look={each}.")).text for path in paths for each in ("ru", "en")
    ]


HOSTILE = "</svg></td></title><script>alert(1)</script><img src=x onerror=alert(2)>\u202e\x07'\"`{{7*7}}&lt;"


async def test_hostile_texts_at_every_place_where_one_may_come_from(tmp_path: Path) -> None:
    book = Book(tmp_path)
    order: Any = ORDER.order
    shop = type(order.shop)(HOSTILE, HOSTILE, HOSTILE, f"https://x/{HOSTILE}", order.shop.phones)
    live = book.begin()
    live.identified(type(ORDER)(HOSTILE, type(order)(HOSTILE, shop, HOSTILE, HOSTILE, "javascript:alert(3)")))
    live.press("2")
    live.known("office", 0, HOSTILE)
    live.ends("office", 1, HOSTILE)
    live.answers("office")
    live.bridged("office")
    live.ends("office", 0, HOSTILE)
    live.hangs_up()
    live.hangs_up()
    async with served(book.url) as site:
        for text in await _every_hostile_page(site, live.id):
            assert "<script>alert" not in text
            assert "<img src=x" not in text
            assert "javascript:" not in re.sub(r"<pre.*?</pre>", "", text, flags=re.DOTALL)
            assert not re.search(r'href="[^"]*javascript:', text)
            assert "\u202e" not in text
            assert "\x07" not in text
            assert ">49<" not in text
    book.close()
