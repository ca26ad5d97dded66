"""Who calls: the kinds of caller that the marketplace knows, as the flow sees them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shop:
    """A partner shop. *phones* are as the marketplace wrote them: not yet parsed, not yet safe to dial."""

    id: str
    name: str
    city: str = ""
    link: str = ""
    phones: tuple[str, ...] = ()
    open_now: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """A customer's active order and the shop that fulfils it."""

    id: str
    shop: Shop
    status: str = ""
    address: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody who has ordered at least once; *order* is the active one, if any."""

    name: str
    order: Order | None = None
    orders_link: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """A shop of the marketplace that calls us itself."""

    shop: Shop


@dataclass(frozen=True, slots=True)
class Unknown:
    """A number that nobody knows, or that could not be looked up; *why* says which."""

    why: str = "number not known"


Caller = Customer | Partner | Unknown


def scenario(caller: Caller) -> str:
    """Return the scenario that *caller* goes through: ``order``, ``other`` or ``partner``."""
    match caller:
        case Partner():
            return "partner"
        case Customer(order=Order()):
            return "order"
        case _:
            return "other"
