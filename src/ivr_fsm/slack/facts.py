"""What the steps of a call say of it, as markup of the channel."""

from __future__ import annotations

from datetime import datetime

from ivr_fsm.journal.entries import CallEntry
from ivr_fsm.journal.fields import PERSONAL
from ivr_fsm.journal.personal import REMOVED
from ivr_fsm.slack.message import Dossier
from ivr_fsm.slack.mrkdwn import escape, link
from ivr_fsm.story import standing
from ivr_fsm.story.standing import Facts
from ivr_fsm.watch.ahead import Present

_LINKED = {"order": "order_link", "shop": "shop_link"}


def arrival(dossier: Dossier) -> tuple[datetime, Facts]:
    """Return when it was known who calls, and what is known of them."""
    return standing.arrival(dossier.call, dossier.steps)


def answered(dossier: Dossier) -> Facts:
    """Return whose phone the caller talked to last; nothing: nobody's."""
    return standing.answered(dossier.call, dossier.steps)


def present(dossier: Dossier) -> Present:
    """Return where a live call is."""
    return standing.present(dossier.call, dossier.steps)


def dressed(facts: Facts, call: CallEntry, orders: str = "") -> dict[str, str]:
    """Return *facts* as markup; order and shop are links to themselves.

    Args:
        facts: texts from outside.
        call: whose they are: when its personal data were removed, what stands in their place is left out.
        orders: what the link to all orders of the customer is called.
    """
    if call.forgotten:
        facts = {
            name: fact for name, fact in facts.items() if fact not in (PERSONAL.get(f"facts.{name}"), REMOVED)
        }
    found = {name: escape(fact) for name, fact in facts.items() if not name.endswith("_link")}
    for name, address in _LINKED.items():
        if name in found:
            found[name] = link(found[name], facts.get(address, ""))
    all_orders = link(orders, facts.get("orders_link", ""))
    return found | ({"orders_link": all_orders} if all_orders != orders else {})
