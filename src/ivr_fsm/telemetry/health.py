"""Whether this instance can serve calls: each part by itself, with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """A part that is needed.

    Attributes:
        name: what it is called.
        ok: says whether it works now.
        reason: what is the matter when it does not; nothing that a stranger may not read.
        remedy: what to do then.
    """

    name: str
    ok: Callable[[], bool]
    reason: str
    remedy: str


class Health:
    """The parts of one service."""

    def __init__(
        self,
        listening: Callable[[], bool],
        connected: Callable[[], bool],
        written: Callable[[], bool],
        stopping: Callable[[], bool],
    ) -> None:
        """Look at nothing yet.

        Args:
            listening: whether FreeSWITCH can bring calls.
            connected: whether there is a control connection to FreeSWITCH.
            written: whether the journal can be written.
            stopping: whether the service takes no more calls, because it is being stopped.
        """
        self._parts = (
            Part(
                "calls",
                listening,
                "the outbound server does not listen: FreeSWITCH cannot bring calls",
                "IVR_HOST and IVR_PORT say where it should; the log says why it does not",
            ),
            Part(
                "switch",
                connected,
                "there is no control connection to FreeSWITCH",
                "is FreeSWITCH up? IVR_FREESWITCH_HOST, IVR_FREESWITCH_PORT, IVR_FREESWITCH_PASSWORD; "
                "'no control connection' in the log says why",
            ),
            Part(
                "journal",
                written,
                "the journal cannot be written now: calls go on, their steps wait in memory",
                "see to the database of IVR_JOURNAL; 'journal behind' in the log says why",
            ),
            Part(
                "running",
                lambda: not stopping(),
                "the service is being stopped: it takes no new calls and lets live ones end",
                "none: send calls to another instance, or start it again",
            ),
        )

    def states(self) -> Iterator[tuple[Part, bool]]:
        """Return each part, and whether it works; a part that cannot be looked at does not."""
        for part in self._parts:
            try:
                yield part, part.ok()
            except Exception:
                yield part, False

    def report(self) -> dict[str, dict[str, object]]:
        """Return each part by its name, as JSON has it."""
        return {
            part.name: {"ok": True} if ok else {"ok": False, "reason": part.reason, "remedy": part.remedy}
            for part, ok in self.states()
        }
