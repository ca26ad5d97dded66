"""The scenes in which somebody who watches presses buttons: on live calls, and to call back."""

from __future__ import annotations

from .scene import (
    CENTRE,
    CUSTOMER,
    OFFICE_1,
    OFFICE_2,
    TALK,
    TO_MENU,
    TO_OFFICE,
    TO_SHOP,
    Act,
    Back,
    Phone,
    Scene,
    answers,
    hang_up,
    press,
    talk,
)

OVER = "Звонок окончен"
NOT_REACHED = (*TO_MENU, "dialing_call_centre", "unanswered", "releasing", "ended")
PICKED_UP = ("calling_back", "dialing_customer")


def button(name: str, state: str, after: float) -> Act:
    """Somebody who watches presses a button of the call in the channel."""
    return Act(state, after, "button", name)


def on_page(name: str, state: str, after: float) -> Act:
    """Somebody who watches presses a button on the call's page."""
    return Act(state, after, "page button", name)


BUTTONS = (
    Scene(
        name="sent-to-office",
        acts=(button("send_office", "menu", 1.5), talk(OFFICE_1)),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, *TALK),
        hears="FW1 FW3… FW7",
        talks=(OFFICE_1,),
        told=OVER,
    ),
    Scene(
        name="sent-from-shop-to-office",
        acts=(press("1"), button("send_office", "dialing_shop", 2.5), talk(OFFICE_2)),
        phones={OFFICE_2: answers(3.0)},
        states=(*TO_SHOP, "dialing_office", *TALK),
        hears="FW1 FW3… FW6 FW7",
        talks=(OFFICE_2,),
        told=OVER,
    ),
    Scene(
        name="sent-from-shop-to-call-centre",
        acts=(press("1"), button("send_call_centre", "dialing_shop", 2.5), talk(CENTRE)),
        phones={CENTRE: answers(5.5)},
        states=(*TO_SHOP, "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW6 FW7 FW8",
        talks=(CENTRE,),
        told=OVER,
    ),
    Scene(
        name="sent-on-and-office-answers",
        acts=(press("2"), button("send_call_centre", "dialing_office", 2.5), talk(OFFICE_1)),
        phones={OFFICE_1: answers(8.0)},
        states=(*TO_OFFICE, "dialing_call_centre", *TALK),
        hears="FW1 FW3… FW7 FW7 FW8",
        talks=(OFFICE_1,),
        told=OVER,
    ),
    Scene(
        name="stopped-talking",
        acts=(press("2"), button("stop", "connected", 3.0)),
        phones={OFFICE_1: answers(3.0)},
        states=(*TO_OFFICE, *TALK),
        hears="FW1 FW3… FW7",
        talks=(OFFICE_1,),
        told=OVER,
    ),
    Scene(
        name="stopped-ringing",
        acts=(press("1"), on_page("stop", "dialing_shop", 2.5)),
        states=(*TO_SHOP, "releasing", "ended"),
        hears="FW1 FW3… FW6",
        told=OVER,
    ),
)
"""Played with the plan `PRESSED`."""


def missed(
    name: str, back: Back, told: str = "Перезвон окончен", *, gives_up: bool = False, **phones: Phone
) -> Scene:
    """A call that comes to nothing, and what comes of calling back.

    The shop is closed and the call centre busy, unless the caller *gives up* before.
    """
    numbers = {"office_1": OFFICE_1, "office_2": OFFICE_2, "customer": CUSTOMER}
    return Scene(
        name=name,
        caller="closed",
        acts=(hang_up("menu", 1.5) if gives_up else press("1"),),
        phones={CENTRE: Phone(486, 6.0)} | {numbers[who]: phone for who, phone in phones.items()},
        states=(*TO_MENU, "ended") if gives_up else NOT_REACHED,
        hears="FW1 FW3…" if gives_up else "FW1 FW3… FW5 FW8… FW9",
        back=back,
        told=told,
    )


BACKS = (
    missed(
        "called-back",
        Back(states=(*PICKED_UP, *TALK), hears="FW10", acts=(talk(OFFICE_1),), talks=True),
        office_1=answers(2.5),
        customer=answers(5.0),
    ),
    missed(
        "called-back-by-two-phones",
        Back(
            states=(*PICKED_UP, *TALK),
            hears="FW10",
            acts=(Act("incoming", 2.0, "answer both", who=OFFICE_1), talk(CUSTOMER)),
            talks=True,
        ),
        customer=answers(5.0),
    ),
    missed(
        "called-back-customer-busy",
        Back(states=(*PICKED_UP, "unanswered", "releasing", "ended"), hears="FW10 FW11"),
        gives_up=True,
        office_2=answers(2.5),
        customer=Phone(486, 5.0),
    ),
    missed(
        "called-back-office-gives-up",
        Back(
            states=(*PICKED_UP, "releasing", "ended"),
            hears="FW10",
            acts=(hang_up("dialing_customer", 5.0, OFFICE_1),),
        ),
        office_1=answers(2.5),
    ),
    missed("called-back-office-silent", Back(), "ни один телефон офиса не ответил"),
)
"""Played with the plan `PRESSED`; two people press at the same time."""
