"""Who may do what: the people whom the settings name, and their rights."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_network

ANYBODY = "*"
"""In place of a name: whoever a proxy has let in."""

PROGRAM = "IVR_WEB_TOKEN"
"""The name of whoever has that token; nobody else can have it."""

SHORTEST = 16
"""Signs that a token has at least."""

Network = IPv4Network | IPv6Network


class Right(Enum):
    """What somebody may do."""

    SEE = "see"
    """The pages, with phone numbers masked."""
    NUMBERS = "numbers"
    """Phone numbers, whole."""
    LISTEN = "listen"
    """Recordings."""
    ACT = "act"
    """Send a call on, hang up, call back, mark as done."""


EVERY_RIGHT = frozenset(Right)


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks for something, and their rights."""

    name: str
    rights: frozenset[Right] = EVERY_RIGHT

    def may(self, right: Right) -> bool:
        """Say whether they have *right*."""
        return right in self.rights


@dataclass(frozen=True, slots=True)
class People:
    """Everybody whom the settings name.

    Attributes:
        tokens: who logs in with a token: the token, by name.
        rights: by name, `ANYBODY` among them; empty: whoever has a name may do everything.
        header: in which a reverse proxy says who asks; empty: none does.
        proxies: the addresses that are believed to be that proxy.
    """

    tokens: Mapping[str, str]
    rights: Mapping[str, frozenset[Right]]
    header: str = ""
    proxies: tuple[Network, ...] = ()

    def with_token(self, name: str) -> Person:
        """Return who has that *name* and a token."""
        return Person(name, self.rights[name] if self.rights else EVERY_RIGHT)

    def sent_by_proxy(self, name: str) -> Person | None:
        """Return whom a proxy calls *name*; None: somebody who may do nothing."""
        if not is_name(name):
            return None
        rights = self.rights.get(name, self.rights.get(ANYBODY)) if self.rights else EVERY_RIGHT
        return Person(name, rights) if rights else None


NOBODY = People({}, {})
"""No names at all."""


def is_name(name: str) -> bool:
    """Say whether *name* can be shown as somebody's name."""
    return 0 < len(name) <= 100 and name.isprintable() and name not in (ANYBODY, PROGRAM)


def parse_tokens(text: str) -> dict[str, str]:
    """Return the tokens in ``olga=<token>, boris=<token>``, by name.

    Raises:
        ValueError: it is none of that; the message repeats no token.
    """
    tokens: dict[str, str] = {}
    for number, each in _parts(text, ","):
        name, _, token = (part.strip() for part in each.partition("="))
        if not token or not is_name(name):
            raise ValueError(f"entry {number} must be like olga=<token>, with commas between entries")
        if name in tokens:
            raise ValueError(f"{name} has two tokens: keep one")
        if not is_token(token):
            hint = f"{SHORTEST} ASCII signs or more and no blank: openssl rand -hex 32"
            raise ValueError(f"the token of {name} must have {hint}")
        if token in tokens.values():
            raise ValueError(
                f"{name} has the token of somebody else: make one for each, openssl rand -hex 32"
            )
        tokens[name] = token
    if text and not tokens:
        raise ValueError("names nobody")
    return tokens


def is_token(token: str) -> bool:
    """Say whether *token* is long enough, and can be sent in a header."""
    return len(token) >= SHORTEST and token.isascii() and token.isprintable() and " " not in token


def parse_rights(text: str) -> dict[str, frozenset[Right]]:
    """Return the rights in ``olga: see numbers listen act; *: see``, by name.

    Raises:
        ValueError: it is none of that.
    """
    known = ", ".join(right.value for right in Right)
    people: dict[str, frozenset[Right]] = {}
    for number, each in _parts(text, ";"):
        # A name may have a colon in it, as those of some proxies do; a right has none.
        name, _, words = (part.strip() for part in each.rpartition(":"))
        if not words or not (is_name(name) or name == ANYBODY):
            raise ValueError(f"entry {number} must be like olga: see listen, with semicolons between entries")
        if name in people:
            raise ValueError(f"{name} is named twice: put all their rights into one entry")
        try:
            people[name] = frozenset(Right(word) for word in re.split(r"[\s,]+", words) if word)
        except ValueError as error:
            raise ValueError(f"{name}: {error}; the rights are {known}".replace("Right", "right")) from None
    if text and not people:
        raise ValueError("names nobody")
    return people


def check_rights(rights: Mapping[str, object], tokens: Mapping[str, str], header: str) -> None:
    """See that everybody who has *rights* can come in, and everybody who can come in has some.

    Raises:
        ValueError: somebody cannot, or has none.
    """
    if not rights:
        return
    for name in rights:
        if name == ANYBODY and not header:
            raise ValueError("* is whoever a proxy has let in: set IVR_WEB_USER_HEADER, or name people")
        if name not in tokens and not header:
            raise ValueError(f"{name} cannot come in: give them a token in IVR_WEB_TOKENS")
    for name in tokens:
        if name not in rights:
            raise ValueError(f"{name} has a token and no rights: add {name}: see")


def parse_networks(text: str) -> tuple[Network, ...]:
    """Return the addresses and networks in ``127.0.0.1, 10.0.0.0/24``.

    Raises:
        ValueError: it is none of that.
    """
    try:
        return tuple(ip_network(each) for _, each in _parts(text, ","))
    except ValueError as error:
        raise ValueError(f"{error}; write addresses or networks like 127.0.0.1, 10.0.0.0/24") from None


def _parts(text: str, sign: str) -> Iterator[tuple[int, str]]:
    """Yield what is between the *sign*s and not empty, each with its number."""
    return ((number, each.strip()) for number, each in enumerate(text.split(sign), 1) if each.strip())
