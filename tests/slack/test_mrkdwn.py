"""Slack's markup: nothing from outside is more than text, and nothing is longer than Slack takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.slack.message import Message
from ivr_fsm.slack.mrkdwn import clip, escape, link, section, size, sound
from tests.slack.blockkit import faults, links


@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        ("Иван & <b>", "Иван &amp; &lt;b&gt;"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("<@U1>", "&lt;@U1&gt;"),
        ("@here", "@\u2060here"),
        ("https://evil.example", "https:\u2060//evil.example"),
        ("a\r\nb\tc\0\x1b[31m", "a b c[31m"),
        ("\u202eнаоборот", "наоборот"),
        ("```", "ˋˋˋ"),
        ("half a sign \ud83d", "half a sign"),
    ],
)
def test_a_text_from_outside_is_nothing_but_text(hostile: str, harmless: str) -> None:
    assert escape(hostile) == harmless
    assert links(Message(escape(hostile), [section(escape(hostile))])) == []


@given(st.text(), st.integers(2, 50))
def test_no_text_is_too_long_or_anything_but_text(text: str, limit: int) -> None:
    shown = escape(text, limit)
    assert size(shown) <= limit
    if shown:
        assert faults(Message(shown, [section(shown)])) == []


@given(st.text("&<>a😀", max_size=40), st.integers(2, 60))
def test_a_cut_is_never_inside_an_escape_and_is_shown(text: str, limit: int) -> None:
    whole = escape(text, 10_000)
    cut = clip(whole, limit)
    assert (cut == whole) is (size(whole) <= limit)
    kept = cut.removesuffix("…")
    assert whole.startswith(kept)
    assert kept.count("&") == kept.count(";")


def test_a_link_is_cut_as_a_whole() -> None:
    text = "before " + link("label", "https://shop.example/") + " after"
    cuts = {clip(text, limit) for limit in range(2, len(text))}
    assert all(("<" in cut) is (">" in cut) for cut in cuts)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "ftp://shop.example",
        "//shop.example",
        "https://",
        "https://[",
        "https://shop.example/a b",
        "https://shop.example/\n",
        "https://shop.example/" + 500 * "a",
        "https://shop.example/" + 100 * "&",
        "!channel",
    ],
)
def test_what_is_no_address_of_the_web_is_no_link(url: str) -> None:
    assert sound(url) == ""
    assert link("Цветы", url) == "Цветы"


def test_the_signs_of_markup_are_harmless_in_a_link() -> None:
    made = link(escape("a|b>"), "https://shop.example/?a=1&b=<|>")
    assert made == "<https://shop.example/?a=1&amp;b=%3C%7C%3E|a∣b&gt;>"
    assert faults(Message(made, [section(made)])) == []


@given(st.text(), st.text())
def test_no_link_is_anything_but_a_link(label: str, path: str) -> None:
    made = link(escape(label), f"https://shop.example/{path}") or "-"
    assert faults(Message(made, [section(made)])) == []
