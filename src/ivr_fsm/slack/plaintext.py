"""Messages as text: for a terminal, for log lines, for the docs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ivr_fsm.slack.message import Block, Message

_LINK = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_BOLD = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
_UNESCAPED = (("\u2060", ""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain(message: Message) -> str:
    """Return *message* as lines of text: ``[label]`` is a button, a link has its address behind it."""
    return "\n".join(line for block in message.blocks for line in _lines(block)) or unmarked(message.text)


def _lines(block: Block) -> Iterator[str]:
    match block.get("type"):
        case "header":
            yield block["text"]["text"]
        case "section":
            if "text" in block:
                yield from _text(block["text"]).splitlines()
            for field in block.get("fields", ()):
                title, _, rest = _text(field).partition("\n")
                yield f"{title}: {', '.join(rest.splitlines())}" if rest else title
        case "context":
            yield " ".join(_text(element) for element in block["elements"])
        case "actions":
            yield " ".join(f"[{element['text']['text']}]" for element in block["elements"])
        case "divider":
            yield ""


def _text(shown: Mapping[str, Any]) -> str:
    return unmarked(shown["text"]) if shown["type"] == "mrkdwn" else str(shown["text"])


def unmarked(text: str) -> str:
    """Return markup as text."""
    text = _LINK.sub(lambda found: f"{found[2]} {found[1]}" if found[2] else found[1], _BOLD.sub(r"\1", text))
    for coded, sign in _UNESCAPED:
        text = text.replace(coded, sign)
    return text
