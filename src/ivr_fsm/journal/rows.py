"""What is written of a call and of a step: rows of the tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ivr_fsm.flow.caller import Customer, scenario
from ivr_fsm.flow.events import CallArrived
from ivr_fsm.flow.plan import Plan
from ivr_fsm.flow.record import Call, Leg
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.codec import Json, encode_step
from ivr_fsm.journal.tables import micros

Row = dict[str, Any]

LONGEST = 200
"""Characters that are kept of what a call is found by; its steps keep the whole text."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a call is served: the instance, the revisions of its flow and of its plan."""

    instance: str
    flow: str
    plan: str


def call_row(key: int, call: Call, talked: Leg | None, origin: Origin) -> Row:
    """Return what the table of calls says of *call* now, but for ``since``, ``answered`` and ``ended``.

    *talked* is the leg that the caller talked to last, if any.
    """
    caller = call.caller
    order = caller.order if isinstance(caller, Customer) else None
    return {
        "key": key,
        "call": call.arrived.call_id,
        "started": micros(call.started),
        "phone": short(call.arrived.phone),
        "called": short(call.arrived.called),
        "instance": short(origin.instance),
        "flow": origin.flow,
        "plan": origin.plan,
        "kind": "" if call.state_id in ("arriving", "identifying", "calling_back") else scenario(caller),
        "back": short(call.arrived.back),
        "name": short(caller.name) if isinstance(caller, Customer) else "",
        "order_id": short(order.id) if order else "",
        "shop": short(call.shop.name) if call.shop else "",
        "state": call.state_id,
        "answered_by": talked.target if talked else "",
        "answered_phone": short(talked.phone) if talked else "",
        "outcome": call.outcome or "",
        "refused": "",
        "lost": None,
        "forgotten": None,
    }


def refused_row(key: int, arrived: CallArrived, why: str, at: datetime, origin: Origin) -> Row:
    """Return what the table of calls says of a call that was not taken."""
    call = Call(Plan(), at, at, arrived, arrived, state_id="")
    return {
        **call_row(key, call, None, origin),
        "kind": "",
        "since": micros(at),
        "answered": None,
        "ended": micros(at),
        "talk": 0,
        "refused": short(why),
    }


def step_row(key: int, number: int, step: Step, at: datetime, mono: float) -> Row:
    """Return what the table of steps says of *step*."""
    return {
        "key": key,
        "number": number,
        "at": micros(at),
        "mono": mono,
        "event": type(step.event).__name__,
        "before": step.before,
        "after": step.after,
        "body": body_text(encode_step(step)),
    }


def body_text(body: Mapping[str, Json]) -> str:
    """Return how the body of a step is written."""
    return clean(json.dumps(body, ensure_ascii=False, separators=(",", ":")))


def gap_row(
    key: int, instance: str, began: datetime, ended: datetime, why: str, *, late: int, lost: int
) -> Row:
    """Return what the table of gaps says of a gap."""
    return {
        "id": key,
        "instance": short(instance),
        "began": micros(began),
        "ended": micros(ended),
        "why": short(why),
        "late": late,
        "lost": lost,
    }


def short(text: str) -> str:
    """Return the beginning of *text*, `clean`: a list has no place for more, nor has PostgreSQL's index."""
    return clean(text[:LONGEST])


def clean(text: str) -> str:
    """Return *text* without what a database cannot keep: NUL, and half characters of a broken coding."""
    if text.isprintable():
        return text
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
