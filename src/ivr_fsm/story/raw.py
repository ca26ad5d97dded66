"""Steps as they stand in the journal."""

from __future__ import annotations

import json
from typing import Any

from ivr_fsm.journal.entries import StepEntry
from ivr_fsm.story.view import View


def raw(step: StepEntry, view: View, indent: int | None = None) -> str:
    """Return a step as JSON, its phone numbers masked if *view* says so."""
    at = step.at.isoformat(timespec="microseconds")
    plain = {"number": step.number, "at": at, "mono": step.mono, "before": step.before, "after": step.after}
    return json.dumps({**plain, **masked(dict(step.body), view)}, ensure_ascii=False, indent=indent)


def masked(value: Any, view: View) -> Any:
    """Return JSON with the phones in its texts masked if *view* says so; ids stay what they are."""
    match value:
        case dict():
            return {
                key: each
                if key in ("call_id", "is") or (key == "leg" and "is" in value)
                else masked(each, view)
                for key, each in value.items()
            }
        case list():
            return [masked(each, view) for each in value]
        case str():
            return view.safe(value)
    return value
