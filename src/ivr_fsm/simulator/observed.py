"""What the people at the phones went through: the part of the simulator that tests look at.

All times are seconds since the switch started.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heard:
    """A prompt that was heard.

    Attributes:
        file: path as the switch was told.
        start: when it began.
        stop: when it ended.
        whole: it was heard to its end.
    """

    file: str
    start: float
    stop: float
    whole: bool


@dataclass(frozen=True)
class Talk:
    """A conversation with the leg *uuid* of *number*; *stop* is None while it lasts."""

    number: str
    uuid: str
    start: float
    stop: float | None = None


@dataclass(eq=False)
class Leg:
    """One leg from its first ring to its end.

    Attributes:
        uuid: the channel's.
        caller: number that calls.
        number: number that is called.
        hearing: file that plays now, or None.
        pressed: digits that the person pressed.
        cause: hangup cause, None while the leg lives.
    """

    uuid: str
    caller: str
    number: str
    began_at: float
    rang_at: float | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    cause: str | None = None
    hearing: str | None = None
    pressed: str = ""
    heard: list[Heard] = field(default_factory=list)
    bridged_to: list[Talk] = field(default_factory=list)


@dataclass(eq=False)
class Call(Leg):
    """The caller leg of a call that came in.

    Attributes:
        ended: done, with the hangup cause, when the caller leg is gone. ``await call.ended``.
        fell_through: the dialplan ran out of ``socket`` lines; the caller was then hung up.
        connections: how many outbound connections were made for the call.
    """

    ended: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    fell_through: bool = False
    connections: int = 0

    def end(self) -> None:
        """Note that the caller leg is gone."""
        if not self.ended.done():
            self.ended.set_result(self.cause or "")
