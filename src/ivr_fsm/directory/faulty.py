"""What can be wrong with a marketplace, for the stub: to see what becomes of calls then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum

from aiohttp import web

LONG = 30.0
"""Seconds that the slow one takes: longer than any caller is kept waiting."""


class Fault(StrEnum):
    """A fault of every answer."""

    SLOW = "slow"
    """It comes after 30 s."""
    ERROR = "500"
    """It is an internal error."""
    GARBAGE = "garbage"
    """It is a page of HTML."""
    TYPES = "types"
    """It is JSON with a number where the contract has a text."""
    CUT = "cut"
    """The connection is cut in the middle of it."""


async def _slow(_request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(LONG)
    return web.json_response({"kind": "unknown"})


async def _error(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"error": "out of order"}, status=500)


async def _garbage(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")


async def _types(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"kind": "customer", "name": 42})


async def _cut(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b'{"kind": "unk')
    if request.transport:
        request.transport.abort()
    return answer


FAULTS: Mapping[Fault, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    Fault.SLOW: _slow,
    Fault.ERROR: _error,
    Fault.GARBAGE: _garbage,
    Fault.TYPES: _types,
    Fault.CUT: _cut,
}
"""What answers instead."""
