"""A scene: who calls and what they do, what each phone does, and how the call must go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SERVICE = "78005550001"
"""The number that everybody calls."""
SHOP_1, SHOP_2 = "74951110001", "74951110002"
LONE_SHOP, CLOSED_SHOP = "74951110003", "74951110004"
OFFICE_1, OFFICE_2, MANAGER = "74951110011", "74951110012", "74951110013"
CENTRE = "74951110021"
PHONES = (SHOP_1, SHOP_2, LONE_SHOP, CLOSED_SHOP, OFFICE_1, OFFICE_2, MANAGER, CENTRE)
TONES = {phone: 500 + 50 * index for index, phone in enumerate(PHONES)}
"""What each phone sounds like, Hz."""
CALLERS_TONES = range(900, 2150, 50)
CUSTOMER = "the caller's own phone"
"""Stands for the number that called, where that is called back."""
NOBODY = "0000000000"
"""What FreeSWITCH shows who is called back while `IVR_CALLER_ID` is not set: there is no caller."""
RINGING = 425
"""What the caller hears between prompts, Hz."""

Kind = Literal["order", "one phone", "closed", "no phone", "known", "unknown", "partner"]
"""Who calls: with an order, from a shop that has two phones, one, is closed, or has none; or without one."""


@dataclass(frozen=True)
class Phone:
    """What a phone does when it rings: *then* after *ring* seconds; None: it rings on."""

    then: Literal["answer"] | int | None = None
    ring: float = 0.5


@dataclass(frozen=True)
class Act:
    """Something that somebody does *after* seconds in *state* (in the *visit*-th visit to it).

    The states ``incoming`` and ``answered`` are not the call's but the leg's own, for when no state tells.
    *who* is a phone's number, or empty for the caller. A ``button`` is pressed by somebody who watches:
    *what* is its name; they do so in the channel, or, as a ``page button``, on the call's page.
    """

    state: str
    after: float
    do: Literal["press", "hangup", "refer", "answer both", "kill", "button", "page button"]
    what: str = ""
    who: str = ""
    visit: int = 1


BLIP = 0.5
"""Seconds: of a prompt that is cut off as soon as it begins nobody understands anything."""

TO_MENU = ("identifying", "greeting", "menu")
TO_SHOP = (*TO_MENU, "dialing_shop")
TO_OFFICE = (*TO_MENU, "dialing_office")
TALK = ("connected", "releasing", "ended")


@dataclass(frozen=True, kw_only=True)
class Back:
    """The caller is called back, by two people who press at the same time.

    Attributes:
        states: the way that the call back must take; empty: nobody at the office picks up.
        hears: what the phone of the office that picked up must hear.
        acts: what is done then; their states are those of the call back.
        talks: the office and the customer talk.
    """

    states: tuple[str, ...] = ()
    hears: str = ""
    acts: tuple[Act, ...] = ()
    talks: bool = False


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One call.

    Attributes:
        name: short, for the command line.
        caller: who calls.
        acts: what the caller and the people at the phones do.
        phones: what each phone does; one that is not named rings for ever.
        states: the way that the call must take. ``releasing`` may be left out: it lasts milliseconds.
        hears: the prompts that the caller must hear, in order; ``…`` behind one that is cut off. Less than
            `BLIP` seconds of one do not count.
        talks: the phones that the caller must talk with, in order.
        announced: the callee is told who calls before it hears the caller.
        back: how the caller is called back afterwards; None: they are not.
        told: what the last line says that the channel is told in the end; empty: there is no channel.
    """

    name: str
    states: tuple[str, ...]
    hears: str
    caller: Kind = "order"
    acts: tuple[Act, ...] = ()
    phones: Mapping[str, Phone] = field(default_factory=dict)
    talks: tuple[str, ...] = ()
    announced: bool = False
    back: Back | None = None
    told: str = ""


def press(digit: str, after: float = 1.0, state: str = "menu") -> Act:
    """The caller presses a key."""
    return Act(state, after, "press", digit)


def hang_up(state: str, after: float = 1.0, who: str = "", visit: int = 1) -> Act:
    """Somebody hangs up."""
    return Act(state, after, "hangup", who=who, visit=visit)


def answers(ring: float = 2.0) -> Phone:
    """A phone that is answered."""
    return Phone("answer", ring)


def talk(who: str, seconds: float = 3.0, visit: int = 1) -> Act:
    """The callee ends the conversation."""
    return hang_up("connected", seconds, who, visit)
