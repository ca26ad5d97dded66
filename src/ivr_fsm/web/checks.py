"""Whether what the settings say of people can be. A check returns what it was given, or raises ValueError."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationInfo

from ivr_fsm.web.guard import is_loopback
from ivr_fsm.web.people import People, check_rights, parse_networks, parse_rights, parse_tokens

_ONE_OF = "IVR_WEB_TOKENS, IVR_WEB_TOKEN or IVR_WEB_USER_HEADER"


def tokens(text: SecretStr, info: ValidationInfo) -> SecretStr:
    """Return the tokens of people, none of which is that of programs."""
    program = info.data.get("web_token", SecretStr("")).get_secret_value()
    for name, token in parse_tokens(text.get_secret_value()).items():
        if token == program:
            raise ValueError(f"{name} has the token of programs, IVR_WEB_TOKEN: make another one")
    return text


def header(name: str) -> str:
    """Return the name of a header, or nothing."""
    if not re.fullmatch("([A-Za-z][A-Za-z0-9-]{0,99})?", name):
        raise ValueError("must be the name of a header, like X-Forwarded-User")
    if name.lower() in ("accept", "authorization", "connection", "cookie", "host", "origin", "user-agent"):
        raise ValueError("must be a header that the proxy alone sets, like X-Forwarded-User")
    return name


def proxies(text: str) -> str:
    """Return the addresses of proxies."""
    if any(network.prefixlen == 0 for network in parse_networks(text)):
        raise ValueError("names every address there is: anybody could say that they are somebody else")
    return text


def port(number: int, info: ValidationInfo) -> int:
    """Return the port of the web server, which is not that of FreeSWITCH's connections."""
    if number and number == info.data.get("port"):
        raise ValueError("is IVR_PORT, too, where FreeSWITCH connects: choose another")
    return number


def people(text: str, info: ValidationInfo) -> str:
    """Return the rights of people, who must be those who can come in."""
    rights = parse_rights(text)
    # What is wrong with those is told by itself.
    if {"web_tokens", "web_user_header"} <= info.data.keys():
        known = parse_tokens(info.data["web_tokens"].get_secret_value())
        check_rights(rights, known, info.data["web_user_header"])
    return text


def host(name: str, info: ValidationInfo) -> str:
    """Return where to listen: on this machine alone, unless people are told apart."""
    if _is_open(info) and not is_loopback(name):
        raise ValueError(f"must be 127.0.0.1 or ::1 without {_ONE_OF}: anybody could see and listen")
    return name


def url(address: str, info: ValidationInfo) -> str:
    """Return where we are reached from outside, if people are told apart."""
    if address and _is_open(info) and not is_loopback(urlsplit(address).hostname or ""):
        raise ValueError(f"is of no use without {_ONE_OF}: only this machine is served")
    return address


def named(tokens: SecretStr, rights: str, header: str, proxies: str) -> People:
    """Return the people whom settings that were checked name."""
    networks = parse_networks(proxies)
    return People(parse_tokens(tokens.get_secret_value()), parse_rights(rights), header, networks)


def _is_open(info: ValidationInfo) -> bool:
    """Say whether nothing tells people apart; what is wrong with that which should is told by itself."""
    secrets = [info.data.get(name, SecretStr("?")).get_secret_value() for name in ("web_token", "web_tokens")]
    return not any((*secrets, info.data.get("web_user_header", "?")))
