"""The live calls of this instance."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ivr_fsm.call.session import Session


class Registry:
    """Every live call by its id, which is the Unique-ID of its caller leg."""

    def __init__(self) -> None:
        self._live: dict[str, Session] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def add(self, session: Session) -> None:
        """A call has begun."""
        self._live[session.call_id] = session
        self._empty.clear()

    def drop(self, session: Session) -> None:
        """A call is over."""
        self._live.pop(session.call_id, None)
        if not self._live:
            self._empty.set()

    def get(self, call_id: str) -> Session | None:
        """Return the live call with this id."""
        return self._live.get(call_id)

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._live.values()))

    def __len__(self) -> int:
        return len(self._live)

    async def emptied(self) -> None:
        """Wait until no call is live."""
        await self._empty.wait()
