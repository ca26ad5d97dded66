"""What somebody who watches can do about a call, as it is now: which buttons there are."""

from __future__ import annotations

from collections.abc import Iterator

from ivr_fsm.journal.entries import CallEntry

_BOTH = ("send_office", "send_call_centre")
_SENDS = {
    "greeting": _BOTH,
    "menu": _BOTH,
    "partner_notice": _BOTH,
    "dialing_shop": _BOTH,
    "dialing_office": ("send_call_centre",),
    "dialing_call_centre": ("send_office",),
}
"""Where a caller can be sent on, and to whom."""

_UNHELPED = frozenset({"unanswered", "abandoned", "failed", "lost"})
"""Outcomes after which somebody should call back."""


def doable(call: CallEntry) -> Iterator[str]:
    """Return the buttons of *call*, by their names in ``[buttons]`` of the wording files."""
    if call.status == "live":
        yield from _SENDS.get(call.state, ())
        yield "stop"
    elif call.status.partition(":")[0] in _UNHELPED and call.done is None:
        if call.phone and call.claimed is None:
            yield "call_back"
        yield "done"
