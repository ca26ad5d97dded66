"""What the settings may say of people, and what they may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.web.people import (
    EVERY_RIGHT,
    People,
    Right,
    check_rights,
    parse_networks,
    parse_rights,
    parse_tokens,
)

TOKEN = "0123456789abcdef"
OTHER = TOKEN[::-1]


def test_tokens() -> None:
    text = f" olga = {TOKEN} , Борис К.={OTHER}==,"
    assert parse_tokens(text) == {"olga": TOKEN, "Борис К.": f"{OTHER}=="}
    assert parse_tokens("") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (TOKEN, "entry 1 must be like olga=<token>"),
        (f"olga={TOKEN}, {OTHER}", "entry 2 must be like olga=<token>"),
        (f"olga={TOKEN}; boris={OTHER}", "the token of olga must have 16 ASCII signs or more and no blank"),
        (f"={TOKEN}", "entry 1"),
        ("olga=", "entry 1"),
        (f"*={TOKEN}", "entry 1"),
        (f"IVR_WEB_TOKEN={TOKEN}", "entry 1"),
        (f"o\nlga={TOKEN}", "entry 1"),
        (f"{'o' * 101}={TOKEN}", "entry 1"),
        (f"olga={TOKEN[:-1]}", "the token of olga must have 16"),
        (f"olga={TOKEN}é", "the token of olga must have 16"),
        (f"olga={TOKEN}, olga={OTHER}", "olga has two tokens: keep one"),
        (f"olga={TOKEN}, boris={TOKEN}", "boris has the token of somebody else: make one for each"),
        (" , ", "names nobody"),
    ],
)
def test_tokens_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="^" + said.replace("*", ".")) as raised:
        parse_tokens(text)
    assert TOKEN[:8] not in str(raised.value)
    assert OTHER[:8] not in str(raised.value)


def test_rights() -> None:
    found = parse_rights("olga: see numbers listen act; a:b : see,listen ;*:see;")
    assert found == {
        "olga": EVERY_RIGHT,
        "a:b": frozenset({Right.SEE, Right.LISTEN}),
        "*": frozenset({Right.SEE}),
    }
    assert parse_rights("") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("olga", "entry 1 must be like olga: see listen"),
        ("olga: see; boris", "entry 2 must be like olga: see listen"),
        ("olga:", "entry 1"),
        (": see", "entry 1"),
        ("olga: see; olga: act", "olga is named twice"),
        ("*: see; *: act", r"\* is named twice"),
        ("olga: see hear", "olga: 'hear' is not a valid right; the rights are see, numbers, listen, act"),
        ("olga: SEE", "olga: 'SEE' is not a valid right"),
        (" ;", "names nobody"),
    ],
)
def test_rights_that_cannot_be(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{said}"):
        parse_rights(text)


@pytest.mark.parametrize(
    ("rights", "tokens", "header", "said"),
    [
        ("olga: see", "", "", "olga cannot come in: give them a token in IVR_WEB_TOKENS"),
        # A name may have a colon and a comma in it.
        ("olga: see, boris: act", f"olga={TOKEN}, boris={OTHER}", "", "olga: see, boris cannot come in"),
        ("olga: see; *: see", f"olga={TOKEN}", "", "set IVR_WEB_USER_HEADER, or name people"),
        ("olga: see; *: see", f"olga={TOKEN}, boris={OTHER}", "X-User", "boris has a token and no rights"),
    ],
)
def test_whoever_comes_in_has_rights_and_the_other_way_round(
    rights: str, tokens: str, header: str, said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        check_rights(parse_rights(rights), parse_tokens(tokens), header)


@pytest.mark.parametrize(
    ("rights", "tokens", "header"),
    [("", f"olga={TOKEN}", ""), ("olga: see", f"olga={TOKEN}", ""), ("olga: see; *: act", "", "X-User")],
)
def test_what_can_be(rights: str, tokens: str, header: str) -> None:
    check_rights(parse_rights(rights), parse_tokens(tokens), header)


def test_networks() -> None:
    assert [str(each) for each in parse_networks("127.0.0.1, 10.0.0.0/24,::1")] == [
        "127.0.0.1/32",
        "10.0.0.0/24",
        "::1/128",
    ]


@pytest.mark.parametrize("text", ["proxy", "10.0.0.1/24", "10.0.0", "127.0.0.1; ::1", "*"])
def test_networks_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"write addresses or networks like 127\.0\.0\.1, 10\.0\.0\.0/24"):
        parse_networks(text)


@given(st.text(alphabet=st.sampled_from("ab=,:;* \0é\ud800*see0123456789"), max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for parse in (parse_tokens, parse_rights, parse_networks):
        try:
            found = parse(text)
        except ValueError:
            continue
        if isinstance(found, dict):
            assert "" not in found
            assert all(found.values())


def test_a_name_that_was_not_let_in() -> None:
    everybody = People({}, {})
    assert everybody.sent_by_proxy("*") is None
    assert everybody.sent_by_proxy("olga") is not None
    assert People({}, {"boris": EVERY_RIGHT}).sent_by_proxy("olga") is None
