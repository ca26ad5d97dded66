"""The scenarios: who calls and what they do, what each phone does, and how the call must go.

What people do is written as the simulator reads it (`ivr_fsm.simulator.phones`); phones, shops and orders
are those of ``examples/directory.toml`` and ``examples/default.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ORDER, CLOSED, KNOWN, BAD_SHOP = "79161234567", "79161234568", "79161234569", "79161234570"
UNKNOWN, PARTNER = "79990000000", "74951110001"
SHOP_1, SHOP_2 = "74951110001", "74951110002"
OFFICE_1, OFFICE_2, OFFICE_3 = "74951110011", "74951110012", "74951110013"
CENTRE = "74951110021"

TO_MENU = ("identifying", "greeting", "menu")
TO_SHOP = (*TO_MENU, "dialing_shop")
TO_OFFICE = (*TO_MENU, "dialing_office")


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One call and what must come of it.

    Attributes:
        name: short, for the command line.
        title: in words.
        caller: the caller's number.
        does: what the caller does.
        phones: what each phone does; one that is not named rings for ever.
        states: the path that the call must take, without ``arriving`` and ``releasing``.
        outcome: the outcome that it must have.
        plan: what differs from the default plan.
        fault: what is broken.
        presses: which buttons of the channel are pressed, with the seconds since the beginning.
        back: the path that the call back must take; empty: nobody calls back.
    """

    name: str
    title: str
    outcome: str
    states: tuple[str, ...]
    caller: str = ORDER
    does: str = ""
    phones: Mapping[str, str | list[str]] = field(default_factory=dict)
    plan: Mapping[str, Any] = field(default_factory=dict)
    fault: Literal["", "prompt", "directory", "slow directory"] = ""
    presses: tuple[tuple[float, Literal["office", "call_centre", "stop"]], ...] = ()
    back: tuple[str, ...] = ()


TALK = "hang up 20s after bridge"
CONFIRM = {"targets": {"shop": {"announce": True, "confirm": True}}}

SCENARIOS = (
    Scenario(
        name="shop",
        title="An order; 1; the shop answers, hears who calls, they talk, the shop hangs up",
        does="press 1 3s into FW3",
        phones={SHOP_1: f"ring 6s, answer, {TALK}"},
        states=(*TO_SHOP, "announcing", "connected", "ended"),
        outcome="answered:shop",
    ),
    Scenario(
        name="shop-busy",
        title="An order; 1; the shop is busy on all phones, the office answers",
        does="press 1 3s into FW3",
        phones={SHOP_1: "ring 1s, busy", SHOP_2: "ring 2s, busy", OFFICE_1: f"ring 6s, answer, {TALK}"},
        states=(*TO_SHOP, "dialing_office", "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="call-centre",
        title="An order; 1; shop and office are silent, the call centre answers",
        does="press 1 3s into FW3",
        phones={CENTRE: f"ring 12s, answer, {TALK}"},
        states=(*TO_SHOP, "dialing_office", "dialing_call_centre", "connected", "ended"),
        outcome="answered:call_centre",
    ),
    Scenario(
        name="shop-late",
        title="An order; 1; the shop answers when the office is being rung already",
        does="press 1 3s into FW3",
        phones={SHOP_2: f"ring 36s, answer, {TALK}"},
        states=(*TO_SHOP, "dialing_office", "announcing", "connected", "ended"),
        outcome="answered:shop",
    ),
    Scenario(
        name="shop-closed",
        title="An order; 1; the shop is closed",
        caller=CLOSED,
        does="press 1 3s into FW3",
        phones={CENTRE: f"ring 9s, answer, {TALK}"},
        states=(*TO_MENU, "dialing_call_centre", "connected", "ended"),
        outcome="answered:call_centre",
    ),
    Scenario(
        name="support",
        title="An order; 2; the office answers",
        does="press 2 3s into FW3",
        phones={OFFICE_2: f"ring 8s, answer, {TALK}"},
        states=(*TO_OFFICE, "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="support-silent",
        title="An order; 2; the office is silent, the call centre answers",
        does="press 2 3s into FW3",
        phones={CENTRE: f"ring 5s, answer, {TALK}"},
        states=(*TO_OFFICE, "dialing_call_centre", "connected", "ended"),
        outcome="answered:call_centre",
    ),
    Scenario(
        name="early-digit",
        title="An order; 1 is pressed while the greeting still plays",
        does="press 1 2s into FW1",
        phones={SHOP_1: f"ring 4s, answer, {TALK}"},
        states=("identifying", "greeting", "dialing_shop", "announcing", "connected", "ended"),
        outcome="answered:shop",
    ),
    Scenario(
        name="wrong-digits",
        title="An order; a wrong key three times, the office answers",
        does="press 5 2s into FW3, press 6 2s into 2nd FW3, press * 2s into 3rd FW3",
        phones={OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=(*TO_OFFICE, "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="no-digit",
        title="An order; no key at all, the office answers",
        phones={OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=(*TO_OFFICE, "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="no-order",
        title="A known customer without an order, the office answers",
        caller=KNOWN,
        phones={OFFICE_3: f"ring 3s, answer, {TALK}"},
        states=("identifying", "greeting", "dialing_office", "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="unknown",
        title="A number that nobody knows, the caller hangs up after the conversation",
        caller=UNKNOWN,
        does="hang up 15s after bridge",
        phones={OFFICE_1: "ring 3s, answer"},
        states=("identifying", "greeting", "dialing_office", "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="partner",
        title="A partner shop calls, hears where to write, and is hung up",
        caller=PARTNER,
        states=("identifying", "partner_notice", "ended"),
        outcome="partner",
    ),
    Scenario(
        name="nobody",
        title="Nobody answers at all",
        does="press 1 3s into FW3",
        states=(
            *TO_SHOP,
            "dialing_office",
            "dialing_call_centre",
            "unanswered",
            "ended",
        ),
        outcome="unanswered",
    ),
    Scenario(
        name="called-back",
        title="Nobody answers; somebody who watches has the office call back, and the customer answers",
        does="press 1 3s into FW3",
        phones={
            OFFICE_2: ["ring 60s, busy", "ring 5s, answer"],
            f"+{ORDER}": f"ring 6s, answer, {TALK}",
        },
        states=(*TO_SHOP, "dialing_office", "dialing_call_centre", "unanswered", "ended"),
        outcome="unanswered",
        back=("calling_back", "dialing_customer", "connected", "ended"),
    ),
    Scenario(
        name="sent-on",
        title="Somebody who watches sends the caller from the silent shop to the call centre",
        does="press 1 3s into FW3",
        phones={CENTRE: f"ring 7s, answer, {TALK}"},
        presses=((26, "call_centre"),),
        states=(*TO_SHOP, "dialing_call_centre", "connected", "ended"),
        outcome="answered:call_centre",
    ),
    Scenario(
        name="stopped",
        title="Somebody who watches ends the call while the office rings",
        does="press 2 3s into FW3",
        presses=((30, "stop"),),
        states=(*TO_OFFICE, "ended"),
        outcome="stopped:dialing_office",
    ),
    Scenario(
        name="two-at-once",
        title="Two phones of the shop are answered at the same moment: one is kept",
        does="press 1 3s into FW3",
        phones={SHOP_1: f"ring 5s, answer, {TALK}", SHOP_2: f"ring 5s, answer, {TALK}"},
        states=(*TO_SHOP, "announcing", "connected", "ended"),
        outcome="answered:shop",
    ),
    Scenario(
        name="shop-drops",
        title="The shop hangs up while it is told who calls; the office answers",
        does="press 1 3s into FW3",
        phones={SHOP_1: "ring 4s, answer, hang up after 2s", OFFICE_1: f"ring 7s, answer, {TALK}"},
        states=(*TO_SHOP, "announcing", "dialing_office", "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="transfer",
        title="The office transfers the caller to another manager",
        does="press 2 3s into FW3",
        phones={
            OFFICE_1: f"ring 4s, answer, transfer to {OFFICE_2} 5s after bridge",
            OFFICE_2: ["ring 60s, busy", f"ring 4s, answer, {TALK}"],
        },
        states=(*TO_OFFICE, "connected", "transferring", "connected", "ended"),
        outcome="answered:transfer",
    ),
    Scenario(
        name="transfer-silent",
        title="The office transfers the caller to somebody who is busy; the call centre answers",
        does="press 2 3s into FW3",
        phones={
            OFFICE_1: f"ring 4s, answer, transfer to {OFFICE_2} 5s after bridge",
            OFFICE_2: ["ring 60s, busy", "ring 2s, busy"],
            CENTRE: f"ring 4s, answer, {TALK}",
        },
        states=(*TO_OFFICE, "connected", "transferring", "dialing_call_centre", "connected", "ended"),
        outcome="answered:call_centre",
    ),
    Scenario(
        name="confirm",
        title="The shop must press 1 to accept, and does",
        does="press 1 3s into FW3",
        phones={SHOP_1: f"ring 4s, answer, press 1 after 4s, {TALK}"},
        states=(*TO_SHOP, "announcing", "connected", "ended"),
        outcome="answered:shop",
        plan=CONFIRM,
    ),
    Scenario(
        name="voicemail",
        title="The shop must press 1 to accept; its voicemail never does, the office answers",
        does="press 1 3s into FW3",
        phones={SHOP_1: "ring 4s, answer", OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=(*TO_SHOP, "announcing", "dialing_office", "connected", "ended"),
        outcome="answered:office",
        plan=CONFIRM,
    ),
    Scenario(
        name="bad-phones",
        title="The marketplace gives the shop a phone that is none; the office answers",
        caller=BAD_SHOP,
        does="press 1 3s into FW3",
        phones={OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=(*TO_SHOP, "dialing_office", "connected", "ended"),
        outcome="answered:office",
    ),
    Scenario(
        name="broken-directory",
        title="The marketplace answers rubbish: the caller is unknown, the office answers",
        phones={OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=("identifying", "greeting", "dialing_office", "connected", "ended"),
        outcome="answered:office",
        fault="directory",
    ),
    Scenario(
        name="slow-directory",
        title="The marketplace does not answer within 2 s: the caller is unknown, the office answers",
        phones={OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=("identifying", "greeting", "dialing_office", "connected", "ended"),
        outcome="answered:office",
        fault="slow directory",
    ),
    Scenario(
        name="prompt-missing",
        title="The recording of the menu is missing: it is noticed, and the caller reaches the office",
        phones={OFFICE_1: f"ring 5s, answer, {TALK}"},
        states=(*TO_OFFICE, "connected", "ended"),
        outcome="answered:office",
        fault="prompt",
    ),
    Scenario(
        name="abandoned-identifying",
        title="The caller hangs up while the marketplace is asked",
        does="hang up at 1s",
        states=("identifying", "ended"),
        outcome="abandoned:identifying",
        fault="slow directory",
    ),
    Scenario(
        name="abandoned-transferring",
        title="The caller hangs up while the number rings that the office transferred them to",
        does="press 2 3s into FW3, hang up at 23s",
        phones={OFFICE_1: f"ring 4s, answer, transfer to {OFFICE_2} 5s after bridge"},
        states=(*TO_OFFICE, "connected", "transferring", "ended"),
        outcome="abandoned:transferring",
    ),
    Scenario(
        name="abandoned-partner",
        title="A partner shop hangs up before the notice is over",
        caller=PARTNER,
        does="hang up 2s into FW2",
        states=("identifying", "partner_notice", "ended"),
        outcome="partner",
    ),
    Scenario(
        name="abandoned-unanswered",
        title="Nobody answers, and the caller hangs up before that is said to the end",
        caller=UNKNOWN,
        does="hang up 1s into FW9",
        states=("identifying", "greeting", "dialing_office", "dialing_call_centre", "unanswered", "ended"),
        outcome="unanswered",
    ),
    *(
        Scenario(
            name=f"abandoned-{name}",
            title=f"The caller hangs up {title}",
            does=does,
            phones=phones,
            states=(*path, "ended"),
            outcome=f"abandoned:{path[-1]}",
        )
        for name, title, does, phones, path in (
            ("greeting", "during the greeting", "hang up 2s into FW1", {}, TO_MENU[:2]),
            ("menu", "in the menu", "hang up 2s into FW3", {}, TO_MENU),
            ("shop", "while the shop rings", "press 1 1s into FW3, hang up 1s into FW6", {}, TO_SHOP),
            (
                "office",
                "while the office rings",
                "press 2 1s into FW3, hang up 1s into FW7",
                {},
                TO_OFFICE,
            ),
            (
                "call-centre",
                "while the call centre rings",
                "press 2 1s into FW3, hang up 1s into 5th FW8",
                {},
                (*TO_OFFICE, "dialing_call_centre"),
            ),
            (
                "announcing",
                "while the shop is told who calls",
                "press 1 1s into FW3, hang up at 15s",
                {SHOP_1: "ring 3s, answer"},
                (*TO_SHOP, "announcing"),
            ),
        )
    ),
)
