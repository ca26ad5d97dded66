"""Where a request comes from: this machine, a page of our own, a proxy, and whose address it has."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from aiohttp import web
from yarl import URL

from ivr_fsm.web.people import Network

_FORWARDED = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
)
"""Any of these: a proxy stands before us."""


def is_loopback(host: str) -> bool:
    """Say whether *host*, a name or an address, can only be this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_local(request: web.Request) -> bool:
    """Say whether *request* was made on this machine, for this machine.

    A page of any site may name this machine by a name of its own, and a proxy may stand before it.
    """
    return is_loopback(_host(request.host)) and not any(name in request.headers for name in _FORWARDED)


def by_https(request: web.Request) -> bool:
    """Say whether *request* came by https, to us or to a proxy."""
    # Believed of anybody: whoever lies about it harms themselves alone.
    return request.secure or request.headers.get("X-Forwarded-Proto") == "https"


def origin_of(url: str) -> str:
    """Return the origin of *url* as browsers say it; empty for none."""
    return str(URL(url).origin()) if url else ""


def changes_nothing(request: web.Request) -> bool:
    """Say whether *request* only reads, in a way whose answer browsers keep from pages of other sites.

    A web socket is none of that: any page may open one, and read it.
    """
    upgrade = request.headers.get("Upgrade", "").strip().lower()
    return request.method in ("GET", "HEAD") and upgrade != "websocket"


def from_own_page(request: web.Request, origin: str) -> bool:
    """Say whether a page of ours made *request*, as far as a browser tells. Pages cannot forge these headers.

    Args:
        request: what a browser sent.
        origin: under which we are reached from outside; empty: that is not known.
    """
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site == "same-origin"
    # Browsers leave that out on http, and old ones always do.
    here = f"{'https' if by_https(request) else 'http'}://{request.host}"
    return request.headers.get("Origin", "null").lower() in (here.lower(), origin)


def is_from(request: web.Request, networks: Iterable[Network]) -> bool:
    """Say whether whoever is connected to us is in one of *networks*."""
    return _is_in(_address(request.remote), networks)


def asker(request: web.Request, proxies: Iterable[Network]) -> str:
    """Return the address that asks, as far as *proxies* tell it; of IPv6 the network of one customer."""
    address = _address(request.remote)
    said = ",".join(request.headers.getall("X-Forwarded-For", ())).split(",")
    # Each proxy adds at the end whom it saw; what stands before that anybody may have written.
    while said and _is_in(address, proxies):
        address = _address(said.pop().strip()) or address
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(address)


def _is_in(address: IPv4Address | IPv6Address | None, networks: Iterable[Network]) -> bool:
    return address is not None and any(address in network for network in networks)


def _address(said: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(said or "")
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _host(named: str) -> str:
    """Return the host of a ``Host`` header, without the port."""
    try:
        return urlsplit(f"//{named}").hostname or ""
    except ValueError:
        return ""
