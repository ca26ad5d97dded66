"""What the service is given in these tests: plans, and a directory that knows the caller of every scene."""

from __future__ import annotations

from collections.abc import Mapping

from .scene import CENTRE, CLOSED_SHOP, LONE_SHOP, OFFICE_1, OFFICE_2, SHOP_1, SHOP_2, Kind

TARGETS = f"""
[targets.office]
numbers = ["{OFFICE_1}", "{OFFICE_2}"]
[targets.call_centre]
numbers = ["{CENTRE}"]
"""

HURRIED = f"""
[menu]
silence = 3
[dialing_shop]
plays = ["0 FW6", "3.5 FW4"]
gives_up = 8
[dialing_office.from_menu]
plays = ["0 FW7", "3 FW8"]
gives_up = 6
[dialing_office.otherwise]
plays = ["0 FW8"]
gives_up = 7
[dialing_call_centre]
plays = ["0 FW8 every 7"]
gives_up = 10
{TARGETS}
"""
"""Short times, so that a run takes minutes."""

PATIENT = f"""
[targets.shop]
announce = true
confirm = true
{TARGETS}
"""
"""The default times."""

SPOILT = HURRIED.replace("[menu]\nsilence = 3\n", "")
"""`HURRIED`, with the default patience for a key: long enough to notice silence."""

SHORT_RING = f"""
[targets.shop]
announce = true
ring_limit = 15
{TARGETS}
"""
"""The switch itself soon gives up on a shop's phone."""

TELLING = f"""
[greeting]
recorded = true
[connected]
record = "answer"
{HURRIED}
"""
"""`HURRIED`, and callers are told that they are recorded: from the answer on."""

PRESSED = f"""
[calling_back]
office_limit = 6
[targets.shop]
announce = true
on_move = "cancel"
{HURRIED}
"""
"""`HURRIED`, for those who press buttons: when a call moves on, the shop's phones stop, others ring on."""

SHOPS: dict[Kind, tuple[tuple[str, ...], bool]] = {
    "order": ((SHOP_1, SHOP_2), True),
    "one phone": ((LONE_SHOP,), True),
    "closed": ((CLOSED_SHOP,), False),
    "no phone": (("8{800}",), True),
}


def directory(callers: Mapping[str, Kind]) -> str:
    """Return a directory file in which each of *callers* (by phone) is what it has to be."""
    parts = []
    for index, (phone, kind) in enumerate(callers.items()):
        if kind == "partner":
            parts.append(f'[[shops]]\nid = "partner-{phone}"\nname = "Партнёр"\nphones = ["{phone}"]\n')
        elif kind != "unknown":
            parts.append(f'[[customers]]\nname = "Мария"\nphones = ["{phone}"]\n')
        if kind in SHOPS:
            parts.append(
                f'[[orders]]\nid = "10{index:03}"\nshop = "{kind}"\ncustomer = "{phone}"\n'
                'status = "Собирается"\n'
            )
    for kind, (phones, is_open) in SHOPS.items():
        listed = ", ".join(f'"{phone}"' for phone in phones)
        parts.append(
            f'[[shops]]\nid = "{kind}"\nname = "Цветы"\ncity = "Москва"\nphones = [{listed}]\n'
            f"open = {str(is_open).lower()}\n"
        )
    return "\n".join(parts)
