"""An application to run on a channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Execute:
    """An application to run.

    *uuid* comes back as ``Application-UUID``; what is *locked* (``event-lock``) waits for its turn.
    """

    name: str
    argument: str
    uuid: str
    locked: bool = False
