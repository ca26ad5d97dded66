"""What Slack takes as a message, and what it makes mentions and links of, by the rules of Block Kit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ivr_fsm.slack.message import Message

_LENGTHS = {"header": 150, "section": 3000, "field": 2000, "context": 3000, "button": 75}
_MARKS = re.compile(r"<([^<>]*)>")
_ANGLE = re.compile(r"&(?!(?:amp|lt|gt);)")


def faults(message: Message) -> list[str]:
    """Return what Slack would refuse in *message*, or understand as something that it is not."""
    together = sum(map(_units, _markups(message))) - _units(message.text)
    too_long = [f"{together} of text in all blocks"] if together > 10_000 else []
    return [*too_long, *_of_text("text", message.text, 4000, at_least=1), *_of_blocks(message.blocks)]


def links(message: Message) -> list[str]:
    """Return the addresses that *message* leads to."""
    return [found.partition("|")[0] for text in _markups(message) for found in _MARKS.findall(text)]


def buttons(message: Message) -> list[str]:
    """Return the actions that *message* offers."""
    return [
        element["action_id"]
        for block in message.blocks
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def _markups(message: Message) -> Iterator[str]:
    yield message.text
    for block in message.blocks:
        for shown in (block.get("text"), *block.get("fields", ()), *block.get("elements", ())):
            if shown and shown["type"] == "mrkdwn":
                yield shown["text"]


def _of_blocks(blocks: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not 1 <= len(blocks) <= 50:
        yield f"{len(blocks)} blocks"
    try:
        json.dumps(list(blocks), ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        yield f"no JSON: {error}"
    for block in blocks:
        yield from _BLOCKS[block["type"]](block)


def _of_header(block: Mapping[str, Any]) -> Iterator[str]:
    if block["text"]["type"] != "plain_text":
        yield "a header of markup"
    yield from _of_object("header", block["text"])


def _of_section(block: Mapping[str, Any]) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield "an empty section"
    if "text" in block:
        yield from _of_object("section", block["text"])
    if "fields" in block and not 1 <= len(block["fields"]) <= 10:
        yield f"{len(block['fields'])} fields"
    for field in block.get("fields", ()):
        yield from _of_object("field", field)


def _of_context(block: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= len(block["elements"]) <= 10:
        yield f"{len(block['elements'])} elements of a context"
    for element in block["elements"]:
        yield from _of_object("context", element)


def _of_actions(block: Mapping[str, Any]) -> Iterator[str]:
    elements = block["elements"]
    if not 1 <= len(elements) <= 25 or len({each["action_id"] for each in elements}) < len(elements):
        yield "buttons that are too many, or alike"
    for element in elements:
        yield from _of_object("button", element["text"])
        if not 1 <= len(element["value"]) <= 2000 or not 1 <= len(element["action_id"]) <= 255:
            yield "a button's value or action_id"
        if "confirm" in element:
            yield from _of_confirm(element["confirm"])


def _of_confirm(dialog: Mapping[str, Any]) -> Iterator[str]:
    for name, longest in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
        yield from _of_text(f"confirm.{name}", dialog[name]["text"], longest, at_least=1)
        if name != "text" and dialog[name]["type"] != "plain_text":
            yield f"confirm.{name} of markup"


def _of_object(where: str, shown: Mapping[str, Any]) -> Iterator[str]:
    known = {"plain_text": {"emoji"}, "mrkdwn": {"verbatim"}}[shown["type"]]
    if unknown := set(shown) - {"type", "text"} - known:
        yield f"{where}: {unknown}"
    if shown["type"] == "mrkdwn":
        if not shown.get("verbatim"):
            yield f"{where}: Slack looks for links and mentions by itself"
        yield from _of_text(where, shown["text"], _LENGTHS[where], at_least=1)
    elif not 1 <= _units(shown["text"]) <= _LENGTHS[where]:
        yield f"{where}: {_units(shown['text'])} long"


def _of_text(where: str, text: str, longest: int, *, at_least: int) -> Iterator[str]:
    if not at_least <= _units(text) <= longest:
        yield f"{where}: {_units(text)} long"
    if any(not (sign.isprintable() or sign in "\n\u2060") for sign in text):
        yield f"{where}: a control character in {text[:80]!r}"
    for mark in _MARKS.findall(text):
        address, bar, label = mark.partition("|")
        if not re.match(r"https?://[^\s|]+$", address) or not bar or not label or "|" in label:
            yield f"{where}: <{mark[:80]}>"
    rest = _MARKS.sub("", text)
    if "<" in rest or ">" in rest or _ANGLE.search(text):
        yield f"{where}: a bare sign in {rest[:80]!r}"
    if re.search(r"@(?:here|channel|everyone)|https?://", rest, re.IGNORECASE):
        yield f"{where}: mentions or links by itself: {rest[:80]!r}"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


_BLOCKS = {"header": _of_header, "section": _of_section, "context": _of_context, "actions": _of_actions}
