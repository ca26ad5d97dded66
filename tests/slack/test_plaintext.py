"""Messages as text."""

from __future__ import annotations

from ivr_fsm.slack.message import Block, Message
from ivr_fsm.slack.mrkdwn import context, escape, link, mrkdwn, plain_text, section
from ivr_fsm.slack.plaintext import plain

BUTTON = {"type": "button", "text": plain_text("Готово", 75), "action_id": "done", "value": "1"}


def test_each_block_is_lines() -> None:
    blocks: list[Block] = [
        {"type": "header", "text": plain_text("📞 Звонок", 150)},
        {"type": "section", "fields": [mrkdwn("*Клиент*\nИван\n+7916"), mrkdwn("одно")]},
        section("*В меню* с 12:00\n" + link("Цветы", "https://shop.example/")),
        {"type": "actions", "elements": [BUTTON, BUTTON]},
        context("мелко"),
    ]
    assert plain(Message("", blocks)).splitlines() == [
        "📞 Звонок",
        "Клиент: Иван, +7916",
        "одно",
        "В меню с 12:00",
        "Цветы https://shop.example/",
        "[Готово] [Готово]",
        "мелко",
    ]


def test_text_is_as_it_came() -> None:
    for text in ("a < b & c > d", "<!channel>", "&lt;", "@here", "https://shop.example"):
        assert plain(Message("", [section(escape(text))])) == text


def test_a_message_without_blocks_is_its_text() -> None:
    assert plain(Message(escape("a & b"), [])) == "a & b"
