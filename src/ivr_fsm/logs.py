"""Logging: one structured line an event, for people (``console``) or for machines (``json``)."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import structlog

from ivr_fsm.phone import mask_in


def configure(style: str, *, level: str = "info", mask_phones: bool = False) -> None:
    """Set up structlog for the process.

    Args:
        style: ``console`` or ``json``.
        level: what is less important than this is left out.
        mask_phones: hide the middle of every phone number.
    """
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    if mask_phones:
        processors.append(_masked)
    processors.append(
        structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
        if style == "json"
        # Quoted: what a caller's telephone says must not reach the terminal as control characters.
        else structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), repr_native_str=True)
    )
    structlog.configure(
        processors=processors,
        logger_factory=lambda *_: Lines(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        cache_logger_on_first_use=False,
    )


class Lines:
    """Prints a line to the standard output, and never raises: calls go on when the log's disk is full."""

    def msg(self, line: str) -> None:
        """Print *line* if that can be done."""
        with suppress(OSError, ValueError):
            print(line, flush=True)

    debug = info = warning = error = critical = exception = msg


def _masked(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: _mask_in(value) if key != "call" else value for key, value in line.items()}


def _mask_in(value: Any) -> Any:
    if isinstance(value, str):
        return mask_in(value)
    return [_mask_in(each) for each in value] if isinstance(value, list) else value
