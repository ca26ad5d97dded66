"""Logging in with a token, and what a browser keeps of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from tests.web.site import BORIS, NOW, OLGA, TOKEN, Clock, people, serving

from ivr_fsm.web.access import COOKIE
from ivr_fsm.web.forms import LONGEST
from ivr_fsm.web.people import NOBODY, People
from ivr_fsm.web.sessions import WRONG_PER_MINUTE, Sessions

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
OURS = {"Sec_Fetch_Site": "same-origin"}


async def test_a_browser_is_sent_to_the_login_and_back() -> None:
    async with serving(people=people()) as site:
        sent = await site.ask("/calls/x?state=menu&q=%2B7+9#", **BROWSER)
        assert sent.status == 303
        where = urlsplit(urljoin("https://calls.example/ivr/calls/x", sent.headers["Location"]))
        assert (where.netloc, where.path) == ("calls.example", "/ivr/login")
        [onward] = parse_qs(where.query)["next"]
        assert onward == "/calls/x?state=menu&q=%2B7+9"

        asked = await site.ask(f"/login?{where.query}")
        assert asked.status == 200
        assert 'value="/calls/x?state=menu&amp;q=%2B7+9"' in asked.text

        entered = await site.log_in(OLGA, onward)
        assert entered.status == 303
        back = urljoin("https://calls.example/ivr/login", entered.headers["Location"])
        assert back == f"https://calls.example/ivr{onward}"
        assert (await site.ask("/act", "POST", entered.session, **OURS)).text == "olga"


async def test_programs_are_not_sent_anywhere() -> None:
    async with serving(people=people()) as site:
        for answer in (
            await site.ask(),
            await site.ask(Accept="text/event-stream"),
            await site.ask("/act", "POST", **BROWSER),
        ):
            assert answer.status == 401


async def test_with_the_token_of_programs_too() -> None:
    async with serving(TOKEN) as site:
        entered = await site.log_in(f" {TOKEN}\r\n")
        assert (await site.ask(cookie=entered.session)).text == "IVR_WEB_TOKEN"


async def test_a_person_has_their_own_rights() -> None:
    async with serving(people=people()) as site:
        session = (await site.log_in(BORIS)).session
        assert (await site.ask(cookie=session)).text == "boris"
        assert (await site.ask("/numbers", cookie=session)).status == 403
        assert (await site.ask("/recordings/x.wav", cookie=session)).status == 403


class TestCookie:
    async def test_what_it_is(self) -> None:
        async with serving(people=people()) as site:
            kept = (await site.log_in(OLGA)).cookies[COOKIE]
            assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "Lax", "/")
            assert (kept["max-age"], kept["secure"], kept["domain"]) == ("43200", "", "")
            assert OLGA not in kept.value
            assert (await site.log_in(OLGA, X_Forwarded_Proto="https")).cookies[COOKIE]["secure"]

    async def test_over_https_alone_where_we_are_reached_by_it(self) -> None:
        async with serving(people=people(), url="https://calls.example") as site:
            assert (await site.log_in(OLGA)).cookies[COOKIE]["secure"]

    async def test_lasts_a_shift(self) -> None:
        clock = Clock()
        async with serving(people=people(), clock=clock) as site:
            session = (await site.log_in(OLGA)).session
            clock.passes(hours=12, seconds=-1)
            assert (await site.ask(cookie=session)).status == 200
            clock.passes(seconds=1)
            assert (await site.ask(cookie=session)).status == 401

    @pytest.mark.parametrize(
        ("tokens", "rights", "status"),
        [
            (f"olga={OLGA}, boris={BORIS}x", "", 200),
            (f"olga={OLGA}x, boris={BORIS}", "", 401),
            (f"boris={BORIS}", "", 401),
            (f"boris={OLGA}", "", 401),
            (f"olga={OLGA}, boris={BORIS}", "olga: see; boris: see", 200),
        ],
    )
    async def test_ends_with_the_token_it_was_given_for(self, tokens: str, rights: str, status: int) -> None:
        async with serving(people=people()) as site:
            session = (await site.log_in(OLGA)).session
        async with serving(people=people(tokens, rights)) as site:
            assert (await site.ask(cookie=session)).status == status
            assert (await site.ask("/numbers", cookie=session)).status == (403 if rights else status)

    async def test_a_name_of_any_signs(self) -> None:
        name = "Ольга. О'К;%2e"
        async with serving(people=people(tokens=f"{name}={OLGA}", rights="")) as site:
            session = (await site.log_in(OLGA)).session
            assert (await site.ask(cookie=session)).text == name

    async def test_forged(self) -> None:
        async with serving(TOKEN, people()) as site:
            name, end, signature = (await site.log_in(BORIS)).session.split(".")
            later = str(int(end) + 1)
            link = site.access._signature("IVR_WEB_TOKEN", end)
            others = Sessions({"olga": OLGA[::-1]}, lambda: NOW).begin("olga")
            for forged in (
                f"olga.{end}.{signature}",
                f"{name}.{later}.{signature}",
                f"{name}.{end}.{signature[:-1]}",
                f"{name}.{end}.",
                f"{name}..{signature}",
                f"{name}.{end}.{signature}.{signature}",
                f"nobody.{end}.{signature}",
                f"IVR_WEB_TOKEN.{end}.{link}",
                f"*.{end}.{signature}",
                f".{end}.{signature}",
                others,
                "..",
                "." * 4000,
                "%00.%00.%00",
                "x" * 8000,
                "%ff%fe.9999999999.é",
                '"\\000"',
            ):
                assert (await site.ask(cookie=forged)).status == 401, forged
            assert (await site.ask(cookie=f"{name}.{end}.{signature}")).status == 200

    @pytest.mark.parametrize(
        "line", [b"ivr_session=\0", b"ivr_session=\xff.1.\xfe", b"ivr_session=" + b"a.b.c;" * 20_000]
    )
    async def test_what_no_browser_sends(self, line: bytes) -> None:
        async with serving(people=people()) as site:
            asked = b"GET /calls/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: "
            said = await site.say(asked + line + b"\r\n\r\n")
            assert said.split(b" ")[1] in (b"400", b"401")

    async def test_it_is_of_no_use_to_pages_of_other_sites(self) -> None:
        async with serving(people=people()) as site:
            session = (await site.log_in(OLGA)).session
            for forged in ({"Sec_Fetch_Site": "cross-site"}, {"Origin": "https://evil.example"}, {}):
                assert (await site.ask("/act", "POST", session, **forged)).status == 403
            # A link in Slack opens the page.
            assert (await site.ask(cookie=session, Sec_Fetch_Site="cross-site")).status == 200


@pytest.mark.parametrize(
    ("onward", "where"),
    [
        ("/calls/x?a=b&c=%20", "/calls/x?a=b&c=%20"),
        ("", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("https://evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("@evil.example", "/"),
        (".evil.example", "/"),
        ("evil", "/"),
        ("/\t/evil.example", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("/\0", "/"),
        ("/é", "/"),
        ("/" + "x" * 2000, "/"),
        ("/..//evil.example", "//evil.example"),
        ("/calls//evil.example", "/calls//evil.example"),
    ],
)
async def test_the_way_onward_stays_on_this_site(onward: str, where: str) -> None:
    async with serving(people=people()) as site:
        entered = await site.log_in(OLGA, onward)
        # As browsers do: a backslash is a slash to them.
        location = entered.headers["Location"].replace("\\", "/")
        assert location.startswith("./")
        reached = urlsplit(urljoin("https://calls.example/login", location))
        assert reached.netloc == "calls.example"
        if not onward.startswith("/.."):
            assert location == f".{where}"


@pytest.mark.parametrize(
    "path", ["/calls/x", "/calls/a%2Fb", "/calls/%2F%2Fevil.example", "/calls/%5C", "/calls/x?//evil.example"]
)
async def test_the_way_to_the_login_stays_too(path: str) -> None:
    async with serving(people=people()) as site:
        asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
        said = (await site.say(asked.encode())).decode().splitlines()
        [location] = [line.removeprefix("Location: ") for line in said if line.startswith("Location: ")]
        reached = urlsplit(urljoin(f"https://calls.example/ivr{path}", location))
        assert (reached.netloc, reached.path) == ("calls.example", "/ivr/login")
        assert parse_qs(reached.query)["next"] == [path]


@pytest.mark.parametrize("path", ["//evil.example/calls/x", "/calls/x/../../..//evil.example", "/\\evil"])
async def test_what_is_no_page_leads_nowhere(path: str) -> None:
    async with serving(people=people()) as site:
        asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
        assert (await site.say(asked.encode())).split(b" ")[1] == b"404"


class TestForm:
    @pytest.mark.parametrize("token", ["", "wrong", f"{OLGA}x", OLGA[:-1], "\0", "токен", "\ud7ff" * 100])
    async def test_a_wrong_token(self, token: str) -> None:
        async with serving(people=people()) as site:
            answer = await site.log_in(token, "/calls/x")
            assert answer.status == 401
            assert COOKIE not in answer.cookies
            assert "Такого токена нет" in answer.text
            assert 'value="/calls/x"' in answer.text

    async def test_wrong_ones_are_slowed_and_logged_without_them(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        clock = Clock()
        async with serving(people=people(), clock=clock) as site:
            for _ in range(WRONG_PER_MINUTE):
                assert (await site.log_in("guess-guess-guess")).status == 401
            slowed = await site.log_in(OLGA)
            assert (slowed.status, slowed.headers["Retry-After"]) == (429, "60")
            assert "подождите минуту" in slowed.text
            assert COOKIE not in slowed.cookies
            clock.passes(minutes=1)
            assert (await site.log_in(OLGA)).status == 303
        said = capsys.readouterr().out
        assert said.count("wrong token") == WRONG_PER_MINUTE
        assert "guess" not in said
        assert OLGA not in said

    async def test_whoever_is_logged_in_goes_on_meanwhile(self) -> None:
        async with serving(people=people()) as site:
            session = (await site.log_in(OLGA)).session
            for _ in range(WRONG_PER_MINUTE):
                await site.log_in("wrong")
            assert (await site.ask(cookie=session)).status == 200

    async def test_pages_of_other_sites_log_nobody_in_or_out(self) -> None:
        async with serving(people=people()) as site:
            for forged in ("cross-site", "same-site", "none"):
                assert (await site.log_in(OLGA, Sec_Fetch_Site=forged)).status == 403
                assert (await site.ask("/logout", "POST", Sec_Fetch_Site=forged)).status == 403

    async def test_the_page_escapes_what_it_is_given(self) -> None:
        async with serving(people=people()) as site:
            page = (await site.ask("/login?next=/%22%3E%3Cscript%3E")).text
            assert "<script>" not in page
            assert "/&#34;&gt;" in page

    async def test_languages(self) -> None:
        async with serving(people=people()) as site:
            for said, language in (("en", "en"), ("ru", "ru"), ("xx", "ru"), ("<b>", "ru"), ("", "ru")):
                page = await site.ask("/login", Cookie=f"ivr_look={said}.")
                assert f'<html lang="{language}"' in page.text
                assert page.headers["Content-Type"] == "text/html; charset=utf-8"

    @pytest.mark.parametrize(
        ("headers", "body", "status"),
        [
            ("Content-Type: text/plain\r\nContent-Length: 3", b"a=b", 415),
            ("Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3", b"--x", 415),
            ("Content-Type: {form}\r\nTransfer-Encoding: chunked", b"3\r\na=b\r\n0\r\n\r\n", 411),
            ("Content-Type: {form}\r\nContent-Length: 9999999", b"", 413),
            (f"Content-Type: {{form}}\r\nContent-Length: {LONGEST + 1}", b"", 413),
            ("Content-Type: {form}; charset=nonsense\r\nContent-Length: 3", b"a=b", 400),
            ("Content-Type: {form}\r\nContent-Length: 7", b"token=\xff", 400),
            ("Content-Type: {form}\r\nContent-Length: 9", b"token=%00", 401),
            ("Content-Type: {form}\r\nContent-Length: 12", b"token=%ED%A0", 401),
            ("Content-Type: {form}\r\nContent-Length: 0", b"", 401),
        ],
    )
    async def test_what_is_no_form(self, headers: str, body: bytes, status: int) -> None:
        async with serving(people=people()) as site:
            given = headers.format(form="application/x-www-form-urlencoded")
            head = f"POST /login HTTP/1.1\r\nHost: x\r\nSec-Fetch-Site: same-origin\r\n{given}\r\n\r\n"
            assert (await site.say(head.encode() + body)).split(b" ")[1] == str(status).encode()


async def test_logging_out() -> None:
    async with serving(people=people()) as site:
        session = (await site.log_in(OLGA)).session
        assert (await site.ask("/logout", cookie=session, **BROWSER)).status == 405
        left = await site.ask("/logout", "POST", session, **OURS)
        assert (left.status, left.headers["Location"]) == (303, "./login")
        assert (left.session, left.cookies[COOKIE]["max-age"]) == ("", "0")


@pytest.mark.parametrize("known", [people(tokens="", rights="", header="X-User"), NOBODY])
async def test_no_login_where_there_is_nothing_to_log_in_with(known: People) -> None:
    async with serving(people=known) as site:
        assert (await site.ask("/login")).status == 404
        assert (await site.log_in("")).status == 404
