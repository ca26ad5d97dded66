"""Why a call took its way: the guards that were asked, in sentences for people."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo

from ivr_fsm.cli.wording import prompt
from ivr_fsm.flow.record import Judged

GUARDS = {
    "caller_is_partner": "the caller is a partner shop",
    "has_order": "the caller has an active order",
    "office_open": "the office is open",
    "shop_open": "the shop is open",
    "pressed_shop": "that is the key for the shop",
    "pressed_support": "that is the key for support",
    "tries_left": "another try is left",
    "repeats_left": "the menu may be repeated",
    "awaited_prompt": "this prompt was waited for",
    "leg_wanted": "this phone may have the call",
    "announcement_needed": "who answers is told first who calls",
    "confirmed": "that is the key that accepts",
    "still_announcing": "the announcement was still on",
    "leg_is_answered": "this is the phone that answered",
    "leg_transferred": "they transferred the caller",
    "talking": "they were talking",
    "sent_elsewhere": "the caller was sent to a number",
    "leg_was_shops": "it was the shop that had answered",
    "leg_was_last": "nobody comes after who had answered",
    "calls_back": "this call calls a customer back",
    "office_wanted": "they are sent to the office",
    "call_centre_wanted": "they are sent to the call centre",
    "destination_awaited": "the number of a transfer was waited for",
    "no_legs_left": "nobody is on the line any more",
}
"""What each guard asks, as a sentence that is true or not."""

OPPOSITES = {
    "prompt_unheard": "it could be played",
    "nothing_plays": "something else plays",
    "no_confirm_needed": "a key is needed to accept",
    "never_bridged": "they had talked",
    "all_failed": "a phone of this target can still answer",
    "nobody_rings": "a phone can still answer",
    "transfer_target_lost": "the number transferred to can still answer",
    "legs_left": "nobody is on the line any more",
}
"""The guards that ask for a lack, with the opposite of what they ask: a "no" to a "not" misleads."""


def guard_words(judged: Judged, zone: tzinfo | None) -> str:
    """Return a guard with its answer and the value it judged: ``yes: the shop is open (arbat)``."""
    opposite = OPPOSITES.get(judged.guard)
    asked = opposite or GUARDS.get(judged.guard, judged.guard.replace("_", " "))
    value = _value(judged, zone)
    answer = judged.answer is not bool(opposite)
    return f"{'yes' if answer else 'no'}: {asked}" + (f" ({value})" if value else "")


def _value(judged: Judged, zone: tzinfo | None) -> str:
    """Return what *judged* has judged, in words."""
    value = judged.value.replace("_", " ")
    match judged.guard:
        case "caller_is_partner" | "has_order":
            value = _SCENARIOS.get(value, value)
        case "awaited_prompt" | "nothing_plays":
            value = prompt(value)
        case "tries_left":
            value = f"wrong key {value}"
        case "repeats_left":
            value = f"repeated {value}"
        case "nobody_rings" if not judged.answer:
            value = _counted(value.split(", "))
        case "office_open":
            value = _moment(value, zone)
    return value


_SCENARIOS = {"order": "an order", "other": "no order", "partner": "a partner"}


def _counted(targets: list[str]) -> str:
    """Return how many phones are left, and whose: ``5: 1 shop, 3 office, 1 call centre``."""
    each = ", ".join(f"{number} {target}" for target, number in Counter(targets).items())
    return f"{len(targets)}: {each}"


def _moment(value: str, zone: tzinfo | None) -> str:
    try:
        return f"{datetime.fromisoformat(value).astimezone(zone):%a %H:%M}"
    except ValueError:
        return value
