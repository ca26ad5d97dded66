"""Time spans as people write them."""

from __future__ import annotations

from datetime import timedelta


def duration(lasted: timedelta | None) -> str:
    """Return a time span as ``1:23`` or ``1:02:03``; empty when it is not known."""
    if lasted is None:
        return ""
    minutes, seconds = divmod(max(0, round(lasted.total_seconds())), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
