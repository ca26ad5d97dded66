"""What happens next to a live call, and when, if nobody does anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ivr_fsm.flow.plan import Plan


@dataclass(frozen=True, slots=True)
class Present:
    """Where a live call is.

    Attributes:
        state: the innermost state.
        kind: the scenario: ``order``, ``other``, ``partner``.
        target: whose phone was answered; empty: nobody's.
        repeats: how often the menu has been said again to a caller who pressed nothing.
        deadlines: when each timer that runs will fire, by its name.
    """

    state: str
    kind: str = "other"
    target: str = ""
    repeats: int = 0
    deadlines: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What comes next.

    Attributes:
        when: the event that leads there: a text of ``[ahead]`` of the wording files.
        what: where it leads: a text of ``[goes]``.
        at: when that happens, or at the latest; None: the time is not known yet.
    """

    when: str
    what: str
    at: datetime | None = None


_FIXED = {
    "dialing_office": ("no_answer", "call_centre"),
    "dialing_call_centre": ("no_answer", "nobody"),
    "dialing_customer": ("no_answer", "customer_silent"),
    "transferring": ("no_answer", "call_centre"),
    "partner_notice": ("heard", "end"),
    "unanswered": ("heard", "end"),
    "calling_back": ("told", "customer"),
}
"""What comes next where that does not depend on anything."""


def ahead(present: Present, plan: Plan | None) -> Ahead | None:
    """Return what comes next, or None where only people know that.

    Args:
        present: where the call is.
        plan: what it goes by; None: that is not known any more.
    """
    limit, silence = present.deadlines.get("limit"), present.deadlines.get("silence")
    coming = None
    match present.state:
        case "greeting":
            to = "menu" if present.kind == "order" else _support(plan, limit)
            coming = Ahead("heard", to, limit)
        case "menu":
            again = plan is not None and present.repeats < plan.menu.repeats
            coming = Ahead("no_key", "menu_again" if again else _support(plan, silence or limit), silence)
        case "dialing_shop":
            coming = Ahead("no_answer", _support(plan, limit), limit)
        case "announcing":
            coming = _announcing(present, plan, limit, silence)
        case "connected" if limit is not None:
            coming = Ahead("not_joined", _after(present.target, plan, limit), limit)
        case state if state in _FIXED:
            coming = Ahead(*_FIXED[state], limit)
    return coming


def _announcing(
    present: Present, plan: Plan | None, limit: datetime | None, silence: datetime | None
) -> Ahead:
    if silence is not None:
        return Ahead("not_accepted", _after(present.target, plan, silence), silence)
    rules = getattr(plan.targets, present.target, None) if plan else None
    return Ahead("told", "accept" if rules is not None and rules.confirm else "talk", limit)


def _after(target: str, plan: Plan | None, at: datetime | None) -> str:
    """Return where a call goes whose *target* is lost before the two could talk."""
    if target == "shop":
        return _support(plan, at)
    return {"call_centre": "nobody", "customer": "customer_silent"}.get(target, "call_centre")


def _support(plan: Plan | None, at: datetime | None) -> str:
    if plan is None or at is None:
        return "support"
    return "office" if plan.targets.office.is_open(at) else "call_centre"
