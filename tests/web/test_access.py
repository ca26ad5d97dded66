"""Who asks, and what they may: by token, by a proxy's word, by signed link, or from this machine."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from tests.web.site import BORIS, OLGA, TOKEN, Clock, people, serving

from ivr_fsm.web.access import Access
from ivr_fsm.web.guard import is_loopback
from ivr_fsm.web.people import People
from ivr_fsm.web.sessions import WRONG_PER_MINUTE

PATH = "/recordings/0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11.wav"
DAY = timedelta(days=1)
BY_PROXY = people(tokens="", rights="olga: see act; *: see", header="X-User")
OURS = {"Sec_Fetch_Site": "same-origin"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer {TOKEN}", True),
        (f"Bearer {TOKEN}x", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Basic {TOKEN}", False),
        (TOKEN, False),
        ("Bearer ", False),
        ("Bearer é", False),
        ("", False),
    ],
)
async def test_the_token_of_programs(given: str, passed: bool) -> None:
    async with serving(TOKEN) as site:
        answer = await site.ask(PATH, Authorization=given)
        assert answer.status == (200 if passed else 401)
        if passed:
            assert (await site.ask("/act", "POST", Authorization=given)).text == "IVR_WEB_TOKEN"
        else:
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_a_person_may_what_their_rights_say() -> None:
    async with serving(people=people()) as site:
        assert (await site.ask(**bearer(OLGA))).text == "olga"
        assert (await site.ask("/numbers", **bearer(OLGA))).status == 200
        assert (await site.ask("/act", "POST", **bearer(OLGA))).status == 200
        assert (await site.ask(PATH, **bearer(OLGA))).text == "sound"
        assert (await site.ask(**bearer(BORIS))).text == "boris"
        for path, method in (("/numbers", "GET"), ("/act", "POST"), (PATH, "GET")):
            answer = await site.ask(path, method, **bearer(BORIS))
            assert answer.status == 403
            assert answer.text.startswith("boris has no right to ")


async def test_without_rights_in_the_settings_a_named_person_may_do_all() -> None:
    async with serving(people=people(rights="")) as site:
        assert (await site.ask("/act", "POST", **bearer(BORIS))).text == "boris"


async def test_wrong_tokens_are_slowed_and_logged_without_them(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    async with serving(TOKEN, clock=clock) as site:
        clock.passes(seconds=20)
        for _ in range(WRONG_PER_MINUTE):
            assert (await site.ask(**bearer("guess-guess-guess"))).status == 401
        slowed = await site.ask(**bearer(TOKEN))
        assert (slowed.status, slowed.headers["Retry-After"]) == (429, "40")
        clock.passes(seconds=40)
        assert (await site.ask(**bearer(TOKEN))).status == 200
    said = capsys.readouterr().out
    assert said.count("wrong token") == WRONG_PER_MINUTE
    assert "127.0.0.1" in said
    assert "guess" not in said


async def test_who_is_behind_a_proxy_is_slowed_alone() -> None:
    async with serving(TOKEN, people(tokens="", rights="", header="X-User")) as site:
        # What stands before the last address anybody may have written.
        for turn in range(WRONG_PER_MINUTE):
            forged = f"198.51.100.{turn}, 2001:db8:1:2::{turn}"
            await site.ask(**bearer("wrong"), X_Forwarded_For=forged)
        for last, status in (("2001:db8:1:2::ff", 429), ("2001:db8:1:3::1", 200), ("198.51.100.1", 200)):
            assert (await site.ask(**bearer(TOKEN), X_Forwarded_For=last)).status == status


async def test_an_address_is_not_believed_of_anybody() -> None:
    async with serving(TOKEN, people(tokens="", rights="", header="X-User"), peer="127.0.0.2") as site:
        for turn in range(WRONG_PER_MINUTE):
            await site.ask(**bearer("wrong"), X_Forwarded_For=f"198.51.100.{turn}")
        assert (await site.ask(**bearer(TOKEN), X_Forwarded_For="198.51.100.77")).status == 429


class TestLinks:
    async def test_lets_read_what_it_names_until_it_expires(self) -> None:
        clock = Clock()
        async with serving(TOKEN, clock=clock) as site:
            link = site.access.signed(PATH, DAY)
            assert TOKEN not in link
            assert (await site.ask(link)).text == "sound"
            query = urlsplit(link).query
            assert (await site.ask(f"{PATH.replace('0f7e', '0f7f')}?{query}")).status == 403
            assert (await site.ask(f"/calls/x?{query}")).status == 401
            clock.passes(days=1)
            assert (await site.ask(link)).status == 200
            clock.passes(seconds=1)
            assert (await site.ask(link)).status == 403

    @pytest.mark.parametrize(
        "spoilt",
        ["expires=1", "expires=", "expires=99999999999", "signature=", "signature=é", "signature=%00"],
    )
    async def test_one_that_was_changed_is_none(self, spoilt: str) -> None:
        async with serving(TOKEN) as site:
            name = spoilt.partition("=")[0]
            query = urlsplit(site.access.signed(PATH, DAY)).query.split("&")
            changed = [spoilt if each.startswith(f"{name}=") else each for each in query]
            assert (await site.ask(f"{PATH}?{'&'.join(changed)}")).status == 403

    async def test_one_of_another_token_is_none(self) -> None:
        async with serving(TOKEN) as site:
            assert (await site.ask(Access(TOKEN[::-1], Clock()).signed(PATH, DAY))).status == 403

    async def test_without_a_token_to_sign_with_whoever_follows_needs_the_right(self) -> None:
        async with serving(people=people()) as site:
            assert site.access.signed(PATH, DAY) == PATH
            forged = Access("", Clock())._signature(PATH, "9999999999")
            assert (await site.ask(f"{PATH}?expires=9999999999&signature={forged}")).status == 401
            assert (await site.ask(PATH, **bearer(OLGA))).status == 200


class TestOpen:
    """Nothing is configured."""

    def test_it_says_so(self) -> None:
        assert Access("", Clock()).open
        assert not Access(TOKEN, Clock()).open
        assert not Access("", Clock(), people()).open
        assert not Access("", Clock(), BY_PROXY).open

    @pytest.mark.parametrize(
        ("host", "passed"),
        [
            ("127.0.0.1:8085", True),
            ("localhost:8085", True),
            ("[::1]:8085", True),
            ("calls.example", False),
            ("127.0.0.1.example", False),
            ("localhost.example:80", False),
            ("[::1", False),
            ("", False),
        ],
    )
    async def test_only_this_machine(self, host: str, passed: bool) -> None:
        """A proxy before it, or a page of another site with a name for this machine, has another host."""
        async with serving() as site:
            assert site.access.signed(PATH, DAY) == PATH
            assert (await site.ask(PATH, Host=host)).status == (200 if passed else 403)

    @pytest.mark.parametrize(
        "header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"]
    )
    async def test_no_proxy_that_hides_the_host(self, header: str) -> None:
        async with serving() as site:
            assert (await site.ask(**{header: "x"})).status == 403

    async def test_everybody_may_do_everything(self) -> None:
        async with serving() as site:
            for path, method in (("/numbers", "GET"), ("/act", "POST")):
                assert (await site.ask(path, method, **OURS)).text == "localhost"
            assert (await site.ask(**bearer("whatever"))).status == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "example", "127.0.0.1 "])
def test_what_others_can_reach_is_no_loopback(host: str) -> None:
    assert not is_loopback(host)


class TestProxy:
    async def test_it_says_who_asks(self) -> None:
        async with serving(people=BY_PROXY) as site:
            assert (await site.ask(X_User="olga")).text == "olga"
            assert (await site.ask("/act", "POST", X_User="olga", **OURS)).status == 200
            assert (await site.ask(X_User="somebody@example.com")).text == "somebody@example.com"
            assert (await site.ask("/act", "POST", X_User="somebody", **OURS)).status == 403
            assert (await site.ask(x_user="Ольга")).text == "Ольга"

    async def test_nobody_else_does(self) -> None:
        async with serving(people=BY_PROXY, peer="127.0.0.2") as site:
            assert (await site.ask(X_User="olga")).status == 403
            assert (await site.ask(X_User="olga", X_Forwarded_For="127.0.0.1")).status == 403

    async def test_it_has_to_say_it(self) -> None:
        async with serving(people=BY_PROXY) as site:
            for answer in (await site.ask(), await site.ask(Accept="text/html")):
                assert answer.status == 403
                assert "X-User" in answer.text
            assert (await site.ask(Remote_User="olga")).status == 403

    @pytest.mark.parametrize("name", ["", " ", "*", "IVR_WEB_TOKEN", "a" * 101, "ol\tga"])
    async def test_what_is_no_name(self, name: str) -> None:
        async with serving(people=BY_PROXY) as site:
            assert (await site.ask(X_User=name)).status == 403

    @pytest.mark.parametrize(
        "lines",
        [b"X-User: \xff\xfe", b"X-User: olga\r\nX-User: boris", b"X-User: ol\0ga", b"X-User: ol\x7fga"],
    )
    async def test_what_no_client_sends(self, lines: bytes) -> None:
        async with serving(people=BY_PROXY) as site:
            said = await site.say(
                b"GET /calls/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + lines + b"\r\n\r\n"
            )
            assert said.split(b" ")[1] in (b"403", b"400")

    async def test_whoever_has_no_rights_may_nothing(self) -> None:
        async with serving(people=people(tokens="", rights="olga: see", header="X-User")) as site:
            assert (await site.ask(X_User="olga")).status == 200
            answer = await site.ask(X_User="boris")
            assert answer.status == 403
            assert "IVR_WEB_PEOPLE" in answer.text

    async def test_without_rights_in_the_settings_everybody_it_lets_in_may_do_all(self) -> None:
        async with serving(people=people(tokens="", rights="", header="X-User")) as site:
            assert (await site.ask("/act", "POST", X_User="boris", **OURS)).text == "boris"

    async def test_another_scheme_is_the_proxys_own(self) -> None:
        async with serving(people=BY_PROXY) as site:
            assert (await site.ask(X_User="olga", Authorization="Bearer eyJhbGciOi")).text == "olga"
            assert (await site.ask(X_User="olga", Authorization="Basic eA==")).text == "olga"

    async def test_beside_tokens(self) -> None:
        both = people(rights="olga: see; boris: see; *: see", header="X-User")
        async with serving(people=both) as site:
            assert (await site.ask(**bearer(OLGA))).text == "olga"
            assert (await site.ask(X_User="anna")).text == "anna"
            assert (await site.ask(Accept="text/html")).status == 303


OPEN, NAMED = People({}, {}), people(header="X-User", rights="")


@pytest.mark.parametrize(("known", "asking"), [(OPEN, {}), (NAMED, {"X_User": "olga"})])
class TestPagesOfOtherSites:
    @pytest.mark.parametrize("site_", ["cross-site", "same-site", "none", "", "Same-Origin"])
    async def test_change_nothing(self, known: People, asking: dict[str, str], site_: str) -> None:
        async with serving(people=known) as site:
            forged = {"Sec_Fetch_Site": site_, "Origin": site.origin}
            answer = await site.ask("/act", "POST", **asking, **forged)
            assert answer.status == 403
            assert "another site" in answer.text

    async def test_our_own_do(self, known: People, asking: dict[str, str]) -> None:
        async with serving(people=known, url="https://calls.example/ivr") as site:
            assert (await site.ask("/act", "POST", **asking, **OURS)).status == 200
            assert (await site.ask("/act", "POST", **asking, Origin=site.origin)).status == 200
            assert (await site.ask("/act", "POST", **asking, Origin="https://calls.example")).status == 200

    @pytest.mark.parametrize(
        "origin",
        [
            "null",
            "",
            "https://evil.example",
            "http://calls.example",
            "https://calls.example:8443",
            "https://calls.example.evil",
            "https://127.0.0.1",
            "http://127.0.0.1",
            "http://127.0.0.1:1",
        ],
    )
    async def test_are_told_by_the_origin(self, known: People, asking: dict[str, str], origin: str) -> None:
        async with serving(people=known, url="https://calls.example/ivr") as site:
            assert (await site.ask("/act", "POST", **asking, Origin=origin)).status == 403

    async def test_and_by_nothing_said_at_all(self, known: People, asking: dict[str, str]) -> None:
        async with serving(people=known) as site:
            assert (await site.ask("/act", "POST", **asking)).status == 403
            assert (await site.ask("/act", "POST", **asking, Host="")).status == 403

    async def test_open_no_web_socket(self, known: People, asking: dict[str, str]) -> None:
        async with serving(people=known) as site:
            upgrade = {"Upgrade": "WebSocket", "Connection": "Upgrade"}
            assert (await site.ask(**asking, **upgrade, Origin="http://evil.example")).status == 403
            assert (await site.ask(**asking, **upgrade, Origin=site.origin)).status == 200

    async def test_are_answered_by_get_which_changes_nothing(
        self, known: People, asking: dict[str, str]
    ) -> None:
        async with serving(people=known) as site:
            assert (await site.ask(**asking, Sec_Fetch_Site="cross-site")).status == 200
            assert (await site.ask("/act", **asking)).status == 405


async def test_behind_https_the_origin_is_https() -> None:
    async with serving(people=NAMED) as site:
        asking = {"X_User": "olga", "Host": "calls.example", "X_Forwarded_Proto": "https"}
        assert (await site.ask("/act", "POST", **asking, Origin="https://calls.example")).status == 200
        assert (await site.ask("/act", "POST", **asking, Origin="http://calls.example")).status == 403


async def test_a_program_needs_no_page() -> None:
    async with serving(people=people()) as site:
        forged = {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}
        assert (await site.ask("/act", "POST", **bearer(OLGA), **forged)).status == 200
