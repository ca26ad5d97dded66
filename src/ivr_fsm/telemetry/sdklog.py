"""What OpenTelemetry's libraries log, as one line of ours now and then."""

from __future__ import annotations

import logging
import time

import structlog

QUIET = 600.0
"""Seconds between two lines: a collector that is away is a long story told once."""

LONGEST = 300
"""Signs of a line."""

log = structlog.get_logger(__name__)


class _Handler(logging.Handler):
    """Called in OpenTelemetry's threads."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(logging.WARNING)
        self._endpoint = endpoint
        self._not_before = 0.0

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now < self._not_before:
            return
        self._not_before = now + QUIET
        said = " ".join(record.getMessage().split())
        said = "".join(sign if sign.isprintable() else "\ufffd" for sign in said)[:LONGEST]
        log.warning("traces not exported", to=self._endpoint, why=said, effect="they are lost, calls are not")


def hear(endpoint: str) -> None:
    """Log what goes wrong with the export to *endpoint*, and let the libraries log nothing themselves."""
    logger = logging.getLogger("opentelemetry")
    logger.handlers = [_Handler(endpoint)]
    logger.propagate = False
