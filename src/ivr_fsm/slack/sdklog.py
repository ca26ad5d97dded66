"""What Slack's libraries log, as our log lines: one each, without secrets, and only what matters."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

import structlog

LONGEST = 300
"""Signs of a line."""

_SECRETS = re.compile(r"""\b(?:xox[a-z]|xapp|xoxe\.xoxb)-[\w.-]+|\b(?:ticket|token|secret)=[^\s&'"]+""")

log = structlog.get_logger(__name__)


def logger(name: str, tell: Callable[[str], None] | None = None) -> logging.Logger:
    """Return a logger to hand to Slack's libraries.

    Args:
        name: what it is for.
        tell: gets each line instead of the log.
    """
    made = logging.Logger(f"ivr_fsm.slack.{name}", logging.WARNING)
    made.addHandler(_Handler(tell or (lambda line: log.warning("slack library", part=name, said=line))))
    return made


def plain(said: object) -> str:
    """Return what a library or Slack *said*, in one short printable line without tokens."""
    line = _SECRETS.sub("(secret)", " ".join(str(said).split()))
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in line)[:LONGEST]


class _Handler(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        self._tell(plain(record.getMessage()))
