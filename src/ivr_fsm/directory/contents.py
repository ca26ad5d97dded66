"""A directory file, checked as a whole and laid out for lookups by phone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from ivr_fsm.directory.entries import (
    CustomerEntry,
    OrderEntry,
    PersonEntry,
    Section,
    ShopEntry,
    read_section,
)
from ivr_fsm.directory.port import Answerer, DirectoryError
from ivr_fsm.directory.source import read_source
from ivr_fsm.flow.caller import Caller, Customer, Order, Partner, Shop, Unknown
from ivr_fsm.flow.hours import Hours
from ivr_fsm.phone import BadPhone, parse_dialable, parse_phone

SECTIONS = ("shops", "customers", "orders", "office", "call_centre")


@dataclass(frozen=True, slots=True)
class Listing:
    """A shop and when it is open; without *hours* the shop itself says so."""

    shop: Shop
    hours: Hours | None

    def at(self, when: datetime) -> Shop:
        """Return the shop as it is at *when*, an aware time."""
        return self.shop if self.hours is None else replace(self.shop, open_now=self.hours.is_open(when))


@dataclass(frozen=True, slots=True)
class Client:
    """A customer, and the shop of their active order."""

    customer: Customer
    order: OrderEntry | None
    listing: Listing | None

    def at(self, when: datetime) -> Customer:
        """Return the customer with the order's shop as it is at *when*, an aware time."""
        if self.order is None or self.listing is None:
            return self.customer
        entry = self.order
        order = Order(entry.id, self.listing.at(when), entry.status, entry.address, entry.link)
        return replace(self.customer, order=order)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a directory file says, by phone (E.164, or an internal number of *people*)."""

    shops: Mapping[str, Listing]
    clients: Mapping[str, Client]
    people: Mapping[str, Answerer]
    warnings: tuple[str, ...]
    """What the service can live with and its keeper should know, each with its place."""

    @property
    def empty(self) -> bool:
        """Whether nobody is in it: such a file is more likely half written than meant."""
        return not (self.shops or self.clients or self.people)

    def caller(self, phone: str, at: datetime) -> Caller:
        """Say who calls at *at*; a phone of both a shop and a customer is the shop's."""
        if listing := self.shops.get(phone):
            return Partner(listing.at(at))
        if client := self.clients.get(phone):
            return client.at(at)
        return Unknown()

    def answerer(self, phone: str) -> Answerer:
        """Say who is at *phone*: somebody of the office or call centre, a shop, or nobody known."""
        if person := self.people.get(phone):
            return person
        if listing := self.shops.get(phone):
            return Answerer(None, ", ".join(filter(None, (listing.shop.name, listing.shop.city))))
        return Answerer(None, phone)


def load(path: Path, region: str) -> Contents:
    """Read and check a directory file.

    Args:
        path: a ``.toml``, ``.yaml`` or ``.yml`` file.
        region: see `parse_phone`.

    Raises:
        DirectoryError: the file cannot be used. Every mistake is told, one a line, with file, section,
            entry (counted from 0), field and remedy.
    """
    raw = read_source(path)
    shops = read_section(raw, "shops", ShopEntry, region)
    customers = read_section(raw, "customers", CustomerEntry, region)
    orders = read_section(raw, "orders", OrderEntry, region)
    office = read_section(raw, "office", PersonEntry, region)
    call_centre = read_section(raw, "call_centre", PersonEntry, region)
    shop_phones, warnings = _shop_phones(shops, region)
    customer_phones = {
        f"customers[{index}].phones[{nth}]": phone
        for index, entry in customers.entries.items()
        for nth, phone in enumerate(entry.phones)
    }
    staff = {
        f"{name}[{index}].phone": entry.phone
        for name, section in (("office", office), ("call_centre", call_centre))
        for index, entry in section.entries.items()
    }
    problems = [
        *(f"{name}: no such section; known: {', '.join(SECTIONS)}" for name in raw if name not in SECTIONS),
        *(each for section in (shops, customers, orders, office, call_centre) for each in section.problems),
        *_repeated({f"shops[{index}].id": entry.id for index, entry in shops.entries.items()}),
        *_repeated({f"orders[{index}].id": entry.id for index, entry in orders.entries.items()}),
        *(each for phones in (shop_phones, customer_phones, staff) for each in _repeated(phones)),
        *_dangling(orders, shops, customers, region),
    ]
    if problems:
        raise DirectoryError("\n".join(_lines(path, problems)))
    listings = {entry.id: _listing(entry) for entry in shops.entries.values()}
    return Contents(
        {
            shop_phones[place]: listings[entry.id]
            for index, entry in shops.entries.items()
            for nth in range(len(entry.phones))
            if (place := f"shops[{index}].phones[{nth}]") in shop_phones
        },
        _clients(customers, orders, listings),
        {
            entry.phone: Answerer(entry.name or None, entry.description)
            for section in (office, call_centre)
            for entry in section.entries.values()
        },
        tuple(_lines(path, warnings)),
    )


def _lines(path: Path, problems: Iterable[str]) -> Iterator[str]:
    """Name the file in each problem, and keep each in one line, whatever text of the file it quotes."""
    for problem in problems:
        yield f"{path}: {''.join(sign if sign.isprintable() else ' ' for sign in problem)}"


def _shop_phones(shops: Section[ShopEntry], region: str) -> tuple[dict[str, str], list[str]]:
    """Return the shops' usable phones by their place, and a warning for each of the others."""
    phones: dict[str, str] = {}
    warnings: list[str] = []
    for index, entry in shops.entries.items():
        if not entry.phones:
            warnings.append(f"shops[{index}].phones: nobody to ring at {entry.id}: give it a phone")
        for nth, text in enumerate(entry.phones):
            place = f"shops[{index}].phones[{nth}]"
            try:
                phones[place] = parse_dialable(text, region)
            except BadPhone as error:
                warnings.append(f"{place}: {error}; it will not be rung")
    return phones, warnings


def _repeated(values: Mapping[str, str]) -> Iterator[str]:
    """Tell each place whose value an earlier place has already. The value, maybe a person's, is not told."""
    first: dict[str, str] = {}
    for place, value in values.items():
        if (earlier := first.setdefault(value, place)) != place:
            yield f"{place}: the same as {earlier}: remove one of them"


def _dangling(
    orders: Section[OrderEntry], shops: Section[ShopEntry], customers: Section[CustomerEntry], region: str
) -> Iterator[str]:
    """Tell each order whose shop or customer does not exist, not even as an entry with mistakes."""
    ids = {entry.id: None for entry in shops.entries.values()}
    phones = {phone for entry in customers.entries.values() for phone in entry.phones}
    for text in customers.broken_texts:
        with suppress(BadPhone):
            phones.add(parse_phone(text, region))
    for index, order in orders.entries.items():
        if order.shop not in ids and order.shop not in shops.broken_texts:
            yield f'orders[{index}].shop: no shop has the id "{order.shop[:40]}"; known: {_some(ids)}'
        if order.customer not in phones:
            yield f"orders[{index}].customer: no customer has this phone: add it to the phones of one"


def _some(names: Iterable[str], most: int = 10) -> str:
    listed = list(islice(names, most + 1))
    return ", ".join([*listed[:most], *(["…"] if len(listed) > most else [])]) or "none"


def _listing(entry: ShopEntry) -> Listing:
    shop = Shop(entry.id, entry.name, entry.city, entry.link, tuple(entry.phones), entry.open is not False)
    return Listing(shop, entry.schedule)


def _clients(
    customers: Section[CustomerEntry], orders: Section[OrderEntry], listings: Mapping[str, Listing]
) -> dict[str, Client]:
    """Return the customers by phone, each with the last of their active orders, whatever phone it names."""
    owners = {phone: index for index, entry in customers.entries.items() for phone in entry.phones}
    active = {owners[order.customer]: order for order in orders.entries.values() if order.active}
    clients: dict[str, Client] = {}
    for index, entry in customers.entries.items():
        order = active.get(index)
        client = Client(
            Customer(entry.name, orders_link=entry.orders_link),
            order,
            listings[order.shop] if order else None,
        )
        clients.update(dict.fromkeys(entry.phones, client))
    return clients
