"""The contract with the marketplace's API: what it answers and what it is told, as models of JSON.

docs/marketplace-openapi.yaml is made of these models (`ivr_fsm.directory.openapi`).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails, from_json, to_json

from ivr_fsm.directory.port import Answerer, CallRecord, DirectoryError
from ivr_fsm.flow import caller as flow

CALLER, ANSWERER, CALLS = "/caller", "/answerer", "/calls"
"""The paths under the address of the API."""

KEY_HEADER = "Idempotency-Key"

NOBODY = "+12025550100"
"""A number that is nobody's (kept for fiction): asking about it is harmless."""

_KINDS = ("customer", "partner", "unknown")

_ONLY_SHOWN = {"address", "city", "link", "orders_link", "status"}
"""Fields that people see and no call depends on."""

_REMEDIES = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "union_tag_invalid": f"kind: must be {', '.join(_KINDS[:-1])} or {_KINDS[-1]}",
    "union_tag_not_found": "kind: is missing",
}


_LINK = r"^(https?://\S+)?$"


def _plain(text: str) -> str:
    """Nothing that would break a line of a log or of a page."""
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()


Text = Annotated[str, Field(max_length=1000), AfterValidator(_plain)]
Name = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_plain)]
Link = Annotated[str, Field(max_length=2000, pattern=_LINK)]


class Part(BaseModel):
    """A part of the contract. What it does not name may be there, too, and is not looked at."""

    model_config = ConfigDict(strict=True, frozen=True, use_attribute_docstrings=True)


class Shop(Part):
    """A shop of the marketplace."""

    id: Name
    name: Name
    city: Text = ""
    link: Link = ""
    """Where people see the shop."""
    phones: list[Annotated[str, Field(max_length=100)]] = Field(default=[], max_length=20)
    """As they are written; they ring together. One that is no phone number is not rung."""
    open_now: bool = True

    def to_flow(self) -> flow.Shop:
        """Return it as the flow sees it."""
        return flow.Shop(self.id, self.name, self.city, self.link, tuple(self.phones), self.open_now)


class Order(Part):
    """An active order and the shop that fulfils it."""

    id: Name
    """What callers know it by: shops hear it sign by sign."""
    shop: Shop
    status: Text = ""
    address: Text = ""
    """Where it goes."""
    link: Link = ""
    """Where people see the order."""

    def to_flow(self) -> flow.Order:
        """Return it as the flow sees it."""
        return flow.Order(self.id, self.shop.to_flow(), self.status, self.address, self.link)


class Customer(Part):
    """Somebody who has ordered at least once."""

    kind: Literal["customer"]
    name: Text = ""
    order: Order | None = None
    """The active order; of several, the one that the caller most likely means."""
    orders_link: Link = ""
    """Where people see all the customer's orders."""

    def to_flow(self) -> flow.Customer:
        """Return it as the flow sees it."""
        return flow.Customer(self.name, self.order.to_flow() if self.order else None, self.orders_link)


class Partner(Part):
    """A shop that calls itself."""

    kind: Literal["partner"]
    shop: Shop

    def to_flow(self) -> flow.Partner:
        """Return it as the flow sees it."""
        return flow.Partner(self.shop.to_flow())


class Unknown(Part):
    """A number that the marketplace does not know."""

    kind: Literal["unknown"]

    def to_flow(self) -> flow.Unknown:
        """Return it as the flow sees it."""
        return flow.Unknown()


class Person(Part):
    """Who is at a number."""

    name: Text | None = None
    """A person; null when nobody knows one."""
    description: Text = ""
    """What the number is otherwise: a shop, a department. Empty: nothing is known of it."""

    def to_port(self, phone: str) -> Answerer:
        """Return it as the service sees it; *phone* describes a number of which nothing is known."""
        return Answerer(self.name or None, self.description or ("" if self.name else phone))


class AnsweredBy(Part):
    """Who took a call."""

    target: Literal["shop", "office", "call_centre", "transfer", "customer"]
    """Whose phone it was; transfer: a number that the callee transferred the caller to; customer: that of who
    was called back."""
    phone: Text
    """E.164, an internal number, or what somebody wrote that is neither."""
    name: Text | None = None
    description: Text = ""


class EndedCall(Part):
    """A call that is over."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    """The same in every repetition, and in the header Idempotency-Key."""
    call: Annotated[str, Field(max_length=100)]
    """The id of the call in the telephone system's journal."""
    caller: Text
    """E.164; empty when the caller hid it."""
    order: Text | None = None
    """The id of the order that the call was about."""
    answered_by: AnsweredBy | None = None
    """Who talked to the caller last; null: nobody."""
    outcome: Annotated[
        str, Field(pattern=r"^(answered|abandoned|stopped):[a-z_]+$|^(partner|unanswered|failed)$")
    ]
    """answered:<target>, abandoned:<state in which the caller hung up>, stopped:<state in which somebody who
    watches ended it>, partner (was sent to the chat), unanswered (somebody must call back; where the call is
    such a call back, the customer did not answer), failed (the telephone system lost the call)."""
    back: Annotated[str, Field(max_length=100)] | None = None
    """The id, as in call, of the call that this one called back."""
    started: AwareDatetime
    waited: Annotated[float, Field(ge=0)] | None = None
    """Seconds until somebody answered, or until the end; null: not known."""
    talked: Annotated[float, Field(ge=0)] | None = None
    """Seconds of all conversations together (a caller may be transferred); null: not known."""
    recording: Link | None = None

    @classmethod
    def of(cls, record: CallRecord) -> EndedCall:
        """Return what the marketplace is told of *record*."""
        by = record.answered_by
        return cls.model_construct(
            id=record.key,
            call=record.call_id,
            caller=record.caller,
            order=record.order_id,
            answered_by=by
            and AnsweredBy.model_construct(
                target=by.target, phone=by.phone, name=by.name, description=by.description
            ),
            outcome=record.outcome,
            back=record.back or None,
            started=record.started,
            waited=record.waited_seconds,
            talked=record.talked_seconds,
            recording=record.recording,
        )


def caller_of(found: flow.Caller) -> Customer | Partner | Unknown:
    """Return what a marketplace answers that knows *found*."""
    match found:
        case flow.Partner(shop=shop):
            return Partner(kind="partner", shop=_shop_of(shop))
        case flow.Customer(name=name, order=order, orders_link=link):
            active = _order_of(order) if order else None
            return Customer(kind="customer", name=name, order=active, orders_link=link)
        case flow.Unknown():
            return Unknown(kind="unknown")


def _order_of(order: flow.Order) -> Order:
    return Order(
        id=order.id,
        shop=_shop_of(order.shop),
        status=order.status,
        address=order.address,
        link=order.link,
    )


def _shop_of(shop: flow.Shop) -> Shop:
    return Shop(
        id=shop.id,
        name=shop.name,
        city=shop.city,
        link=shop.link,
        phones=list(shop.phones),
        open_now=shop.open_now,
    )


Caller = Annotated[Customer | Partner | Unknown, Field(discriminator="kind")]
CALLER_ANSWER: TypeAdapter[Customer | Partner | Unknown] = TypeAdapter(Caller)
PERSON_ANSWER: TypeAdapter[Person] = TypeAdapter(Person)
ENDED_CALL: TypeAdapter[EndedCall] = TypeAdapter(EndedCall)

_T = TypeVar("_T")


def read(adapter: TypeAdapter[_T], body: bytes) -> _T:
    """Return what *body* says.

    Raises:
        DirectoryError: it is not JSON, or not of the contract; the message names the first field that is
            wrong, and quotes nothing.
    """
    try:
        return adapter.validate_json(body)
    except ValidationError as error:
        raise DirectoryError(_told(error.errors(include_input=False, include_url=False))) from None


def read_leniently(adapter: TypeAdapter[_T], body: bytes) -> tuple[_T, str]:
    """Return what *body* says, and what is wrong in fields that are only shown: they are taken for empty.

    Raises:
        DirectoryError: as `read` does, for what is wrong anywhere else.
    """
    try:
        return adapter.validate_json(body), ""
    except ValidationError as error:
        mistakes = error.errors(include_input=False, include_url=False)
        wrong = [_path(mistake) for mistake in mistakes]
        if not all(path and path[-1] in _ONLY_SHOWN for path in wrong):
            raise DirectoryError(_told(mistakes)) from None
    answer = from_json(body)
    for path in wrong:
        part = answer
        for name in path[:-1]:
            part = part[name]
        del part[path[-1]]
    return read(adapter, to_json(answer)), _told(mistakes)


def _path(mistake: ErrorDetails) -> tuple[int | str, ...]:
    """Return where a mistake is in the answer itself: the kind of caller is no part of that."""
    return mistake["loc"][1:] if mistake["loc"][:1] in {(kind,) for kind in _KINDS} else mistake["loc"]


def _told(mistakes: list[ErrorDetails]) -> str:
    mistake = mistakes[0]
    if mistake["type"] == "json_invalid":
        return "the answer is not JSON"
    parts = [f"[{part}]" if isinstance(part, int) else f".{part[:40]}" for part in _path(mistake)]
    place = "".join(parts).lstrip(".")
    said = _REMEDIES.get(mistake["type"]) or re.sub(r"^\w+ should ", "must ", mistake["msg"])
    if mistake.get("ctx", {}).get("pattern") == _LINK:
        said = "must be a link that starts with https:// or http://, or empty"
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    return _plain(f"{place}: {said}{more}" if place else f"{said}{more}")
