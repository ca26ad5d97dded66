"""Slack's markup: text from outside made harmless, links, and everything cut to what Slack takes.

Lengths are counted in UTF-16 units, as Slack does: an emoji is two.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

HEADER = 150
"""The longest header."""
SECTION = 3000
"""The longest text of a section or of a part of a context."""
FIELD = 2000
"""The longest field of a section."""
FACT = 200
"""So much of a text from outside is shown: one long name leaves room for everything else."""
BLOCKS = 9000
"""So much text all blocks of a message have together: at 11,000 to 13,000 Slack says msg_blocks_too_long."""
MESSAGE = 4000
"""The longest text of a message that Slack does not cut."""
URL = 500
"""A longer address is no link."""

_ELLIPSIS = "…"
_JOINER = "\u2060"
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LINKED = re.compile(r"@(?=here|channel|everyone)|(?<=:)(?=//)", re.IGNORECASE)
_TOKEN = re.compile(r"&(?:amp|lt|gt);|<[^<>]*>|.", re.DOTALL)


def escape(text: str, limit: int = FACT) -> str:
    """Return a text from outside on one line, at most *limit* long, as nothing but text.

    It mentions nobody, is no link, and opens no code block; control characters are left out.
    """
    plain = "".join(sign if sign.isprintable() else " " if sign.isspace() else "" for sign in text)
    plain = " ".join(plain.replace("`", "ˋ").split())
    # What Slack would make a mention or a link of is broken by a sign that nobody sees.
    plain = _LINKED.sub(lambda found: found.group() + _JOINER, plain)
    return clip("".join(_ESCAPES.get(sign, sign) for sign in plain), limit)


def clip(text: str, limit: int) -> str:
    """Return markup of at most *limit* units; a cut is shown, and never inside an escape or a link."""
    if size(text) <= limit:
        return text
    kept, room = [], limit - len(_ELLIPSIS)
    for found in _TOKEN.finditer(text):
        room -= size(found.group())
        if room < 0:
            break
        kept.append(found.group())
    return "".join(kept).rstrip() + _ELLIPSIS


def size(text: str) -> int:
    """Return the length of *text* in UTF-16 units."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def link(label: str, url: str) -> str:
    """Return *label*, which is escaped already, as a link to *url*; if that is no sound address, *label*."""
    address = sound(url)
    return f"<{address}|{label.replace('|', '∣')}>" if address and label else label


def sound(url: str) -> str:
    """Return *url* as it may stand in a link; empty: it is none of HTTP, or has no business in a link."""
    if not url.isprintable() or " " in url:
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return ""
    if not usable:
        return ""
    for sign, coded in (("<", "%3C"), (">", "%3E"), ("|", "%7C"), ("`", "%60"), ('"', "%22")):
        url = url.replace(sign, coded)
    url = url.replace("&", "&amp;")
    return url if size(url) <= URL else ""


def mrkdwn(text: str, limit: int = SECTION) -> dict[str, Any]:
    """Return a text object of markup. *verbatim*: Slack makes no links and mentions of its own."""
    return {"type": "mrkdwn", "text": clip(text, limit), "verbatim": True}


def plain_text(text: str, limit: int) -> dict[str, Any]:
    """Return a text object of our own words, without markup."""
    return {"type": "plain_text", "text": clip(text, limit), "emoji": True}


def section(text: str) -> dict[str, Any]:
    """Return a block of text."""
    return {"type": "section", "text": mrkdwn(text)}


def context(text: str) -> dict[str, Any]:
    """Return a block of small text."""
    return {"type": "context", "elements": [mrkdwn(text)]}
