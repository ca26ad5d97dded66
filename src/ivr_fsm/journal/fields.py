"""What each field of a recorded call says about people: the one place where that is written down.

A field is named by its class and name, a fact of a command as ``facts.…``, the value that a guard judged as
``judged.<guard>``, the rest of a step as ``step.…``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import Any, get_args, get_type_hints

from ivr_fsm.flow.commands import Command
from ivr_fsm.flow.events import Event


def _places(**kinds: str) -> frozenset[str]:
    return frozenset(f"{kind}.{name}" for kind, names in kinds.items() for name in names.split())


PERSONAL: Mapping[str, str] = {
    "CallArrived.phone": "[phone]",
    "Identify.phone": "[phone]",
    "Customer.name": "[name]",
    "Customer.orders_link": "[orders link]",
    "Order.id": "[order]",
    "Order.link": "[order link]",
    "Order.address": "[address]",
    "Unknown.why": "[why]",
    "facts.phone": "[phone]",
    "facts.name": "[name]",
    "facts.orders_link": "[orders link]",
    "facts.order": "[order]",
    "facts.order_link": "[order link]",
    "facts.address": "[address]",
}
"""What is the caller's own, and what stands there when it is removed."""

NUMBERS = _places(
    Dial="phone",
    Order="status",
    Shop="id name city link phones",
    CallerReturned="destination referred_by",
    LegEnded="cause",
    BridgeFailed="why",
    CallerHungUp="cause",
    LinkLost="why",
    CallArrived="by",
    AnswererKnown="name description",
    WhoAnswers="phone",
    SendWanted="by",
    StopWanted="by",
    facts="leg_phone manager office_phone to by shop_phones legs why status shop shop_link city",
    judged="shop_open leg_wanted leg_is_answered sent_elsewhere destination_awaited transfer_target_lost",
    step="leg fault",
)
"""Texts from outside in which a number may stand: that of somebody who is rung, of a shop, or a caller's."""

HARMLESS = _places(
    CallArrived="call_id called back",
    DigitPressed="digit",
    PromptFinished="token result",
    Timer="visit name",
    LegRinging="leg",
    LegAnswered="leg",
    AnswererKnown="leg",
    SendWanted="target",
    LegEnded="leg transferred",
    LegDigitPressed="leg digit",
    AnnouncementFinished="leg heard",
    Bridged="leg",
    BridgeFailed="leg",
    Shop="open_now",
    Play="code token",
    Hold="token",
    Dial="leg target ring_limit park_limit",
    WhoAnswers="leg",
    Release="leg cause",
    Prepare="code",
    Announce="leg codes",
    Bridge="leg",
    Hangup="cause",
    StartTimer="after",
    Tell="what",
    facts="target digit next code result outcome seconds wanted state",
    judged="""
        caller_is_partner has_order office_open pressed_shop pressed_support tries_left repeats_left
        awaited_prompt prompt_unheard nothing_plays announcement_needed no_confirm_needed confirmed
        still_announcing leg_transferred never_bridged talking leg_was_shops leg_was_last all_failed
        nobody_rings legs_left no_legs_left calls_back office_wanted call_centre_wanted
    """,
)
"""What the flow or the switch made, and says nothing about a person.

A text that is in none of the three is removed with the caller's data.
"""


@dataclass(frozen=True, slots=True)
class Shapes:
    """What the flow's events and commands are made of.

    Attributes:
        places: each field that holds no other dataclass and no facts, with its type.
        nested: the fields that do: the name of that class, or ``facts``.
        default: the default of a field that has one.
    """

    places: dict[str, Any]
    nested: dict[str, str]
    default: dict[str, Any]


@cache
def shapes() -> Shapes:
    """Return the shapes of today's events and commands."""
    found = Shapes({}, {}, {})
    for kind in (*get_args(Event), *get_args(Command)):
        _describe(kind, found)
    return found


def _describe(kind: type, found: Shapes) -> None:
    hints = get_type_hints(kind)
    for field in fields(kind):
        place, hint = f"{kind.__name__}.{field.name}", hints[field.name]
        inner: list[Any] = [each for each in (hint, *get_args(hint)) if is_dataclass(each)]
        found.default[place] = field.default
        if getattr(hint, "__origin__", None) is Mapping:
            found.nested[place] = "facts"
        elif inner:
            found.nested[place] = inner[0].__name__ if len(inner) == 1 else ""
        else:
            found.places[place] = hint
        for each in inner:
            _describe(each, found)
