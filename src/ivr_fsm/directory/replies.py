"""What an answer of the marketplace's API means, or that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from time import time

import aiohttp

from ivr_fsm.directory.breaker import OutOfReach
from ivr_fsm.directory.port import DirectoryError, RecordRefused

LARGEST = 100_000
"""Bytes of an answer."""

_MISUSED = frozenset({404, 405, 407})
"""What the API says when it is not the one that is meant."""

_LATER = frozenset({408, 425, 429})


async def read_body(content: aiohttp.StreamReader) -> bytes:
    """Return the body of an answer.

    Raises:
        DirectoryError: it has more than `LARGEST` bytes.
        aiohttp.ClientError: not all of it came.
    """
    body = bytearray()
    while chunk := await content.readany():
        body += chunk
        if len(body) > LARGEST:
            raise DirectoryError(f"the answer has more than {LARGEST} bytes")
    return bytes(body)


def judge(status: int, headers: Mapping[str, str], *, telling: bool) -> None:
    """Look at the status of an answer.

    Args:
        status: the status.
        headers: the answer's; Retry-After is looked at.
        telling: something was told, and not asked.

    Raises:
        OutOfReach: the API cannot answer now.
        RecordRefused: it will never keep what it was told.
        DirectoryError: it is no good answer otherwise. That of a service that is set up wrongly is such a
            one, too: it will be mended, and what was told is not lost by it.
    """
    if status == HTTPStatus.OK or (telling and HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES):
        return
    answer = f"answered with {status} {_phrase(status)}".rstrip()
    if status in {401, 403}:
        raise DirectoryError(f"{answer}: is IVR_MARKETPLACE_TOKEN right?")
    if status in _MISUSED or HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        # A redirect leads to where the token may not go.
        raise DirectoryError(f"{answer}: is IVR_MARKETPLACE the right address?")
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OutOfReach(answer, _seconds(headers.get("Retry-After", "")))
    if telling and status >= HTTPStatus.BAD_REQUEST:
        raise RecordRefused(answer)
    raise DirectoryError(answer)


def named(question: str, error: DirectoryError) -> DirectoryError:
    """Return *error* with what was asked in front of its message."""
    return type(error)(f"{question}: {error}", error.retry_after)


def said(error: Exception, patience: float) -> str:
    """Return in a few words why there is no answer; it was waited for *patience* seconds."""
    match error:
        case TimeoutError():
            return f"no answer within {patience:g} s"
        case aiohttp.ClientConnectorCertificateError():
            return "its certificate is not to be trusted"
        case aiohttp.ClientConnectorError():
            return f"no connection: {error.strerror or error.os_error}"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError() | OSError():
            return "the connection was cut"
        case _:
            return f"the answer is no HTTP that is understood ({type(error).__name__})"


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _seconds(retry_after: str) -> float:
    """Return what the header Retry-After asks for, seconds or a date, in seconds; 0 when it is neither."""
    if retry_after.isascii() and retry_after.isdigit():
        return float(retry_after[:6])
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except (ValueError, OverflowError):
        return 0.0
