"""Forms that browsers send."""

from __future__ import annotations

from aiohttp import web

LONGEST = 8192
"""Bytes of a form."""


async def form_of(request: web.Request) -> dict[str, str]:
    """Return what was filled in.

    Raises:
        web.HTTPException: 415, 411, 413: it is no form, or too long; 400: it is no text.
    """
    if request.content_type != "application/x-www-form-urlencoded":
        raise web.HTTPUnsupportedMediaType(text="a form is wanted\n")
    if request.content_length is None:
        raise web.HTTPLengthRequired(text="the length is missing\n")
    if request.content_length > LONGEST:
        raise web.HTTPRequestEntityTooLarge(LONGEST, request.content_length)
    try:
        return {name: str(value) for name, value in (await request.post()).items()}
    except (ValueError, LookupError):
        raise web.HTTPBadRequest(text="the form cannot be read\n") from None
