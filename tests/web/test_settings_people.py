"""Settings of who may do what are checked together, before the service starts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from ivr_fsm.cli import app
from ivr_fsm.settings import Settings
from ivr_fsm.web.people import NOBODY, People, Right

TOKEN = "0123456789abcdef"
OLGA = "olgas-token-not-short"


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.chdir(str(tmp_path))


def settings(monkeypatch: pytest.MonkeyPatch, **given: str) -> Settings:
    for name, value in given.items():
        monkeypatch.setenv(f"IVR_{name.upper()}", value)
    return Settings()


def test_nothing_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch).named_people
    assert (found.tokens, found.rights, found.header) == (NOBODY.tokens, NOBODY.rights, "")
    assert [str(each) for each in found.proxies] == ["127.0.0.0/8", "::1/128"]


def test_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    given = settings(
        monkeypatch,
        web_token=TOKEN,
        web_tokens=f"olga={OLGA}",
        web_people="olga: see listen; *: see",
        web_user_header="X-Forwarded-User",
        web_proxies="10.0.0.7",
        web_host="0.0.0.0",
        web_url="https://calls.example",
    )
    found = given.named_people
    assert found == People(
        {"olga": OLGA},
        {"olga": frozenset({Right.SEE, Right.LISTEN}), "*": frozenset({Right.SEE})},
        "X-Forwarded-User",
        found.proxies,
    )
    assert [str(each) for each in found.proxies] == ["10.0.0.7/32"]
    assert OLGA not in repr(given)


@pytest.mark.parametrize("given", [{"web_tokens": f"olga={OLGA}"}, {"web_user_header": "X-User"}])
def test_others_are_served_where_people_are_told_apart(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    assert (
        settings(monkeypatch, web_host="0.0.0.0", web_url="https://calls.example", **given).web_host
        == "0.0.0.0"
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"web_tokens": "olga"}, "entry 1 must be like olga=<token>"),
        ({"web_tokens": ",", "web_host": "0.0.0.0"}, "names nobody"),
        (
            {"web_tokens": f"olga={TOKEN}", "web_token": TOKEN},
            "olga has the token of programs",
        ),
        ({"web_user_header": "X Forwarded"}, "must be the name of a header"),
        ({"web_user_header": "X_User"}, "must be the name of a header"),
        ({"web_user_header": "Authorization"}, "must be a header that the proxy alone sets"),
        ({"web_proxies": "proxy.example"}, "write addresses or networks like"),
        ({"web_proxies": "127.0.0.1, 0.0.0.0/0"}, "names every address there is"),
        ({"web_proxies": "::/0"}, "names every address there is"),
        ({"web_people": "olga: see"}, "olga cannot come in: give them a token in IVR_WEB_TOKENS"),
        ({"web_people": "*: see"}, "* is whoever a proxy has let in: set IVR_WEB_USER_HEADER"),
        (
            {"web_people": "olga: see", "web_tokens": f"olga={OLGA}, boris={TOKEN}"},
            "boris has a token and no rights: add boris: see",
        ),
        ({"web_people": "olga: sing", "web_user_header": "X-User"}, "olga: 'sing' is not a valid right"),
        ({"web_url": "https://calls.example"}, "is of no use without IVR_WEB_TOKENS"),
    ],
)
def test_what_cannot_be(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(monkeypatch, **given)
    [mistake] = raised.value.errors()
    assert said in mistake["msg"]
    assert mistake["loc"][0] in given


def test_links_of_this_machine_need_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings(monkeypatch, web_url="http://127.0.0.1:8085").web_url == "http://127.0.0.1:8085"


def test_a_mistake_is_one_line_without_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_WEB_TOKENS", f"olga={OLGA}, olga={TOKEN}")
    result = CliRunner().invoke(app, ["check"])
    assert result.exit_code != 0
    assert "✗ IVR_WEB_TOKENS: olga has two tokens: keep one" in result.output
    assert OLGA not in result.output
    assert TOKEN not in result.output
