"""Which flow and which plan a call went by: short digests of their contents."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from ivr_fsm.flow.plan import Plan

_DRAWN_ONLY = {"diagram.py", "drawing.py"}


@cache
def flow_revision() -> str:
    """Return 12 hex digits that change with the source of `ivr_fsm.flow`, whatever the version says."""
    digest = hashlib.sha256()
    for file in sorted(files("ivr_fsm.flow").iterdir(), key=lambda file: file.name):
        if file.name.endswith(".py") and file.name not in _DRAWN_ONLY:
            digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]


def plan_revision(plan: Plan) -> str:
    """Return 12 hex digits that change with what *plan* says, and not with how its file says it."""
    return hashlib.sha256(plan.model_dump_json().encode()).hexdigest()[:12]
