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

    The state ``answered`` is not the call's but the leg's own, where there is no service to tell states.
    *who* is a phone's number, or empty for the caller.
    """

    state: str
    after: float
    do: Literal["press", "hangup", "refer", "answer both", "kill"]
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
    """

    name: str
    states: tuple[str, ...]
    hears: str
    caller: Kind = "order"
    acts: tuple[Act, ...] = ()
    phones: Mapping[str, Phone] = field(default_factory=dict)
    talks: tuple[str, ...] = ()
    announced: bool = False


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


FAST = (
    Scene(
        name="shop",
        acts=(press("1"), talk(SHOP_1)),
        phones={SHOP_1: answers(2.5)},
        states=(*TO_SHOP, "announcing", *TALK),
        hears="FW1 FW3… FW6 FW8",
        talks=(SHOP_1,),
        announced=True,
    ),
    Scene(
        name="shop-answers-into-a-prompt",
        acts=(press("1"), talk(SHOP_1)),
        phones={SHOP_1: answers(4.5)},
        states=(*TO_SHOP, "announcing", *TALK),
        hears="FW1 FW3… FW6 FW4",
        talks=(SHOP_1,),
        announced=True,
    ),
    Scene(
        name="shop-busy",
        acts=(press("1"), talk(OFFICE_2)),
        phones={SHOP_1: Phone(486, 0.5), SHOP_2: Phone(603, 1.0), OFFICE_2: answers(6.0)},
        states=(*TO_SHOP, "dialing_office", *TALK),
        hears="FW1 FW3… FW6… FW4 FW8…",
        talks=(OFFICE_2,),
    ),
    Scene(
        name="call-centre",
        caller="one phone",
        acts=(press("1"), talk(CENTRE)),
        phones={CENTRE: answers(3.0)},
        states=(*TO_SHOP, "dialing_office", "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW6 FW4 FW8 FW8",
        talks=(CENTRE,),
    ),
    Scene(
        name="shop-late",
        caller="one phone",
        acts=(press("1"), talk(LONE_SHOP)),
        phones={LONE_SHOP: answers(11.0)},
        states=(*TO_SHOP, "dialing_office", "announcing", *TALK),
        hears="FW1 FW3… FW6 FW4 FW8 FW8",
        talks=(LONE_SHOP,),
        announced=True,
    ),
    Scene(
        name="shop-closed",
        caller="closed",
        acts=(press("1"), talk(CENTRE)),
        phones={CENTRE: answers(5.0)},
        states=(*TO_MENU, "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW5 FW8…",
        talks=(CENTRE,),
    ),
    Scene(
        name="support",
        acts=(press("2"), talk(OFFICE_1)),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, *TALK),
        hears="FW1 FW3… FW7",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="support-silent",
        acts=(press("2"), talk(CENTRE)),
        phones={CENTRE: answers(3.0)},
        states=(*TO_OFFICE, "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW7 FW8 FW8",
        talks=(CENTRE,),
    ),
    Scene(
        name="early-digit",
        acts=(press("1", 3.0, "greeting"), talk(SHOP_2)),
        phones={SHOP_2: answers(3.0)},
        states=("identifying", "greeting", "dialing_shop", "announcing", *TALK),
        hears="FW1… FW6 FW8",
        talks=(SHOP_2,),
        announced=True,
    ),
    Scene(
        name="wrong-digits",
        acts=(press("5", 1.0), press("6", 3.0), press("*", 5.0), talk(OFFICE_1)),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, *TALK),
        hears="FW1 FW3… FW3… FW3… FW7",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="no-digit",
        acts=(talk(OFFICE_1),),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, *TALK),
        hears="FW1 FW3 FW3 FW7",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="no-order",
        caller="known",
        acts=(talk(OFFICE_1),),
        phones={OFFICE_1: answers(3.0)},
        states=("identifying", "greeting", "dialing_office", *TALK),
        hears="FW1 FW8",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="unknown",
        caller="unknown",
        acts=(hang_up("connected", 3.0),),
        phones={OFFICE_2: answers(3.0)},
        states=("identifying", "greeting", "dialing_office", *TALK),
        hears="FW1 FW8",
        talks=(OFFICE_2,),
    ),
    Scene(
        name="partner",
        caller="partner",
        states=("identifying", "partner_notice", "ended"),
        hears="FW2",
    ),
    Scene(
        name="nobody",
        caller="one phone",
        acts=(press("1"),),
        states=(*TO_SHOP, "dialing_office", "dialing_call_centre", "unanswered", "releasing", "ended"),
        hears="FW1 FW3… FW6 FW4 FW8 FW8 FW8 FW9",
    ),
    Scene(
        name="two-at-once",
        acts=(press("1"), Act("dialing_shop", 3.0, "answer both"), hang_up("connected", 3.0)),
        states=(*TO_SHOP, "announcing", *TALK),
        hears="FW1 FW3… FW6 FW8",
        talks=("whoever",),
        announced=True,
    ),
    Scene(
        name="shop-drops",
        acts=(press("1"), hang_up("announcing", 1.5, SHOP_1), talk(OFFICE_1)),
        phones={SHOP_1: answers(2.5), OFFICE_1: answers(6.0)},
        states=(*TO_SHOP, "announcing", "dialing_office", *TALK),
        hears="FW1 FW3… FW6 FW8… FW4 FW8…",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="transfer",
        acts=(press("2"), Act("connected", 2.0, "refer", MANAGER, OFFICE_1), talk(MANAGER, visit=2)),
        phones={OFFICE_1: answers(3.0), MANAGER: answers(3.0)},
        states=(*TO_OFFICE, "connected", "transferring", *TALK),
        hears="FW1 FW3… FW7 FW8",
        talks=(OFFICE_1, MANAGER),
    ),
    Scene(
        name="transfer-busy",
        acts=(press("2"), Act("connected", 2.0, "refer", MANAGER, OFFICE_1), talk(CENTRE, visit=2)),
        phones={OFFICE_1: answers(3.0), MANAGER: Phone(486, 3.0), CENTRE: answers(3.0)},
        states=(*TO_OFFICE, "connected", "transferring", "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW7 FW8 FW8",
        talks=(OFFICE_1, CENTRE),
    ),
    Scene(
        name="no-phone",
        caller="no phone",
        acts=(press("1"), talk(OFFICE_1)),
        phones={OFFICE_1: answers(6.0)},
        states=(*TO_SHOP, "dialing_office", *TALK),
        hears="FW1 FW3… FW4 FW8…",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="gone-greeting",
        acts=(hang_up("greeting", 2.0),),
        states=("identifying", "greeting", "ended"),
        hears="FW1…",
    ),
    Scene(name="gone-menu", acts=(hang_up("menu", 2.0),), states=(*TO_MENU, "ended"), hears="FW1 FW3…"),
    Scene(
        name="gone-shop",
        acts=(press("1"), hang_up("dialing_shop", 1.0)),
        states=(*TO_SHOP, "releasing", "ended"),
        hears="FW1 FW3… FW6…",
    ),
    Scene(
        name="gone-office",
        acts=(press("2"), hang_up("dialing_office", 1.0)),
        states=(*TO_OFFICE, "releasing", "ended"),
        hears="FW1 FW3… FW7…",
    ),
    Scene(
        name="gone-call-centre",
        caller="closed",
        acts=(press("1"), hang_up("dialing_call_centre", 5.0)),
        states=(*TO_MENU, "dialing_call_centre", "releasing", "ended"),
        hears="FW1 FW3… FW5 FW8…",
    ),
    Scene(
        name="gone-announcing",
        acts=(press("1"), hang_up("announcing", 1.5)),
        phones={SHOP_1: answers(2.5)},
        states=(*TO_SHOP, "announcing", "releasing", "ended"),
        hears="FW1 FW3… FW6 FW8…",
    ),
    Scene(
        name="gone-connected",
        acts=(press("1"), hang_up("connected", 2.0)),
        phones={SHOP_1: answers(2.5)},
        states=(*TO_SHOP, "announcing", *TALK),
        hears="FW1 FW3… FW6 FW8",
        talks=(SHOP_1,),
        announced=True,
    ),
    Scene(
        name="gone-transferring",
        acts=(press("2"), Act("connected", 2.0, "refer", MANAGER, OFFICE_1), hang_up("transferring", 1.5)),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, "connected", "transferring", "releasing", "ended"),
        hears="FW1 FW3… FW7 FW8…",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="gone-unanswered",
        caller="closed",
        acts=(press("1"), hang_up("unanswered", 2.0)),
        phones={CENTRE: Phone(486, 5.0)},
        states=(*TO_MENU, "dialing_call_centre", "unanswered", "ended"),
        hears="FW1 FW3… FW5 FW8… FW9…",
    ),
    Scene(
        name="gone-partner",
        caller="partner",
        acts=(hang_up("partner_notice", 5.0),),
        states=("identifying", "partner_notice", "ended"),
        hears="FW2…",
    ),
)
"""Played with the plan of `HURRIED`."""

PATIENT = (
    Scene(
        name="default-times",
        caller="one phone",
        acts=(press("1"), talk(CENTRE)),
        phones={CENTRE: answers(4.0)},
        states=(*TO_SHOP, "dialing_office", "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW6 FW8 FW8 FW4 FW8 FW8",
        talks=(CENTRE,),
    ),
    Scene(
        name="default-times-support",
        acts=(press("2"), talk(CENTRE)),
        phones={CENTRE: answers(4.0)},
        states=(*TO_OFFICE, "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW7 FW8 FW8 FW8 FW8",
        talks=(CENTRE,),
    ),
    Scene(
        name="voicemail",
        acts=(press("1"), talk(OFFICE_1)),
        phones={SHOP_1: answers(3.5), OFFICE_1: answers(6.0)},
        states=(*TO_SHOP, "announcing", "dialing_office", *TALK),
        hears="FW1 FW3… FW6 FW8 FW8 FW4 FW8…",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="confirmed",
        acts=(press("1"), Act("announcing", 7.5, "press", "1", SHOP_1), talk(SHOP_1)),
        phones={SHOP_1: answers(3.5)},
        states=(*TO_SHOP, "announcing", *TALK),
        hears="FW1 FW3… FW6 FW8 FW8…",
        talks=(SHOP_1,),
        announced=True,
    ),
)
"""Played with the default plan, and a shop that has to press 1 to accept a call."""

BROKEN = (
    Scene(
        name="missing-prompt",
        acts=(talk(OFFICE_1),),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, *TALK),
        hears="FW1 FW7",
        talks=(OFFICE_1,),
    ),
    Scene(
        name="gone-identifying",
        acts=(hang_up("identifying", 0.15),),
        states=("identifying", "ended"),
        hears="",
    ),
)
"""Played when FW3 and the directory have been spoilt while the service runs."""

ALONE = (
    Scene(
        name="no-service",
        acts=(hang_up("answered", 4.0, CENTRE),),
        phones={CENTRE: answers(3.0)},
        states=(),
        hears="FW7",
        talks=(CENTRE,),
    ),
    Scene(
        name="no-service-nobody",
        phones={CENTRE: Phone(486, 3.0)},
        states=(),
        hears="FW7 FW9",
    ),
)
"""Played without the service: only the dialplan is there."""

KILLED = (
    Scene(
        name="killed",
        acts=(press("1"), Act("dialing_shop", 1.0, "kill"), hang_up("answered", 4.0, CENTRE)),
        phones={CENTRE: answers(3.0)},
        states=TO_SHOP,
        hears="FW1 FW3… FW6 FW7",
        talks=(CENTRE,),
    ),
)
"""Played with the plan `SHORT_RING` and a service that is killed."""

GROUPS = {"fast": FAST, "patient": PATIENT, "broken": BROKEN, "alone": ALONE, "killed": KILLED}
