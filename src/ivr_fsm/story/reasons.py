"""Why a call took its way: the guards that were asked, in sentences for people."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from ivr_fsm.flow.record import Judged
from ivr_fsm.story.names import prompt_code
from ivr_fsm.story.view import View, words

_OF = re.compile(r"(\d+) of (\d+)")
_LEFT = re.compile(r"(\d+)(?: of (\w+))? left")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Answer:
    """A guard that was asked, in words.

    Attributes:
        guard: its name in the flow.
        yes: whether what is *asked* was so.
        asked: a sentence that is true or not, with the value that was judged: ``the shop is open (arbat)``.
        text: both: ``yes: the shop is open (arbat)``.
    """

    guard: str
    yes: bool
    asked: str
    text: str


def answer(judged: Judged, view: View) -> Answer:
    """Return what *judged* says, in words that are safe to show."""
    lacks = f"opposites.{judged.guard}" in words(view.language).all
    guard = view.either("opposites" if lacks else "guards", judged.guard)
    asked = view.text("answers.asked", guard=guard, value=_value(judged, view))
    yes = judged.answer is not lacks
    return Answer(judged.guard, yes, asked, view.text("answers.yes" if yes else "answers.no", asked=asked))


def _value(judged: Judged, view: View) -> str:
    """Return what *judged* has judged, in words."""
    value = judged.value
    match judged.guard:
        case "awaited_prompt" | "nothing_plays":
            said = prompt_code(value, view)
        case "tries_left":
            said = view.text("values.wrong_key", count=_share(value, view))
        case "repeats_left":
            said = view.text("values.repeated", count=_share(value, view))
        case "nobody_rings" if not judged.answer:
            said = _counted(value.split(", "), view)
        case "all_failed" | "legs_left" | "no_legs_left":
            said = _left(value, view)
        case "office_open":
            said = _moment(value, view)
        case _:
            said = view.either("values", value, view.either("targets", value))
    return said


def _share(value: str, view: View) -> str:
    found = _OF.fullmatch(value)
    return view.text("values.of", count=found[1], most=found[2]) if found else value


def _left(value: str, view: View) -> str:
    found = _LEFT.fullmatch(value)
    if not found:
        return view.safe(value)
    count, target = found.groups()
    if target is None:
        return view.text("values.left", count=count)
    return view.text("values.left_of", count=count, target=view.either("targets", target))


def _counted(targets: list[str], view: View) -> str:
    """Return how many phones are left, and whose: ``5: 1 shop, 3 office, 1 call centre``."""
    each = ", ".join(
        view.text("values.phones_of", count=str(number), target=view.either("targets", target))
        for target, number in Counter(targets).items()
    )
    return view.text("values.phones", count=str(len(targets)), each=each)


def _moment(value: str, view: View) -> str:
    try:
        at = view.local(datetime.fromisoformat(value))
    except ValueError:
        return view.safe(value)
    return view.text("values.moment", day=view.text(f"days.{_DAYS[at.weekday()]}"), time=f"{at:%H:%M}")
