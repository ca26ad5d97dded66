"""Signatures that need nothing to be kept: of links, and of whoever has logged in."""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, unquote

LASTS = timedelta(hours=12)
"""How long somebody stays logged in: a shift."""

WRONG_PER_MINUTE = 10
"""Wrong tokens that one address may try in a minute."""


class Sessions:
    """Says who has logged in, by what their browser keeps: name, end and signature.

    The key is that person's token: with another token, or none, what was signed before is worth nothing.
    """

    def __init__(self, tokens: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self._tokens = tokens
        self._now = now

    def begin(self, name: str) -> str:
        """Return what the browser of the person of that *name* has to keep."""
        end = str(int((self._now() + LASTS).timestamp()))
        return f"{quote(name, safe='')}.{end}.{self._signature(name, end)}"

    def whose(self, kept: str) -> str | None:
        """Return the name of the person whose browser has *kept* that; None: nobody's, or it has ended."""
        # From the end: a name may have dots in it.
        parts = kept.rsplit(".", 2)
        if len(parts) != 3:
            return None
        name, end, signature = unquote(parts[0]), parts[1], parts[2]
        if name not in self._tokens or not same(signature, self._signature(name, end)):
            return None
        return name if self._now().timestamp() < int(end) else None

    def _signature(self, name: str, end: str) -> str:
        return sign(self._tokens[name], "session", end, name)


class Tries:
    """Counts wrong tokens by the address that they come from."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._minute = 0
        self._wrong: Counter[str] = Counter()

    def wait(self, address: str) -> int:
        """Return how many seconds *address* must wait before it may try again; 0: it may try now."""
        minute, second = divmod(int(self._now().timestamp()), 60)
        if minute != self._minute:
            self._minute = minute
            self._wrong.clear()
        return 60 - second if self._wrong[address] >= WRONG_PER_MINUTE else 0

    def wrong(self, address: str) -> None:
        """Note that *address* has tried in vain."""
        self._wrong[address] += 1


def sign(key: str, what: str, end: str, subject: str) -> str:
    """Return the signature of *subject* until *end*; *what* keeps signatures for different uses apart."""
    said = f"ivr-fsm {what}\n{end}\n{subject}".encode("utf-8", "replace")
    return hmac.new(key.encode(), said, "sha256").hexdigest()


def same(given: str, wanted: str) -> bool:
    """Compare in a time that does not tell how much of *given* is right."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))
