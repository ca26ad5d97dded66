"""What may stand in a directory file: one model an entry, and mistakes told with their place and remedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails

from ivr_fsm.flow.hours import Hours
from ivr_fsm.phone import parse_dialable, parse_phone

DEFAULT_ZONE = "Europe/Moscow"

_REMEDIES = {
    "missing": "is missing",
    "string_type": "must be text: put it in quotes",
    "string_too_short": "must not be empty",
    "string_pattern_mismatch": "must be a link that starts with https:// or http://",
    "bool_type": "must be true or false, without quotes",
    "list_type": "must be a list, in square brackets",
    "too_short": "must have at least one",
    "model_type": "must be an entry with fields",
}


def _e164(text: str, info: ValidationInfo) -> str:
    return parse_phone(text, str(info.context))


def _dialable(text: str, info: ValidationInfo) -> str:
    return parse_dialable(text, str(info.context))


def _truth(value: object) -> object:
    """YAML is read as text (see `read_source`)."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1)]
Link = Annotated[str, Field(pattern=r"^(https?://\S+)?$")]
Phone = Annotated[str, AfterValidator(_e164)]
Dialable = Annotated[str, AfterValidator(_dialable)]
Truth = Annotated[bool, BeforeValidator(_truth)]


class Entry(BaseModel):
    """One entry of a section. Its validation context is the region of `parse_phone`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_strip_whitespace=True)


class ShopEntry(Entry):
    """A shop. *phones* stay as they are written; what is no phone is refused when it is to be rung."""

    id: Name
    name: Name
    city: str = ""
    link: Link = ""
    phones: list[str] = []
    open: Truth | None = None
    zone: str = DEFAULT_ZONE
    hours: list[str] | None = None

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        Hours.parse((), zone)
        return zone

    @field_validator("hours")
    @classmethod
    def _readable_hours(cls, lines: list[str] | None) -> list[str] | None:
        if lines is not None and (problem := Hours.parse(lines, DEFAULT_ZONE).never_open):
            raise ValueError(f"{problem}, or say open = false instead")
        return lines

    @model_validator(mode="after")
    def _open_or_hours(self) -> Self:
        if self.open is not None and self.hours is not None:
            raise ValueError("has both open and hours: keep one of them")
        return self

    @property
    def schedule(self) -> Hours | None:
        """The opening hours, where the shop has any."""
        return None if self.hours is None else Hours.parse(self.hours, self.zone)


class CustomerEntry(Entry):
    """Somebody who has ordered at least once."""

    phones: list[Phone] = Field(min_length=1)
    name: Name
    orders_link: Link = ""


class OrderEntry(Entry):
    """An order of the customer with the phone *customer* at the shop with the id *shop*."""

    id: Name
    shop: Name
    customer: Phone
    status: str = ""
    address: str = ""
    link: Link = ""
    active: Truth = True


class PersonEntry(Entry):
    """Who is at a number of the office or the call centre."""

    phone: Dialable
    name: str = ""
    description: str = ""

    @model_validator(mode="after")
    def _name_or_description(self) -> Self:
        if not self.name and not self.description:
            raise ValueError("needs a name or a description")
        return self


E = TypeVar("E", bound=Entry)


@dataclass(slots=True)
class Section(Generic[E]):
    """A section as far as it could be read.

    Attributes:
        entries: the good ones, by their index in the file, counted from 0.
        problems: what is wrong with the others, each with its place.
        broken_texts: ids, phones and other text of the others, which nobody else must miss.
    """

    entries: dict[int, E] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    broken_texts: set[str] = field(default_factory=set)


def read_section(raw: Mapping[str, Any], name: str, model: type[E], region: str) -> Section[E]:
    """Validate section *name* of a file's content, entry by entry."""
    section: Section[E] = Section()
    found = raw.get(name) or []
    if not isinstance(found, list):
        section.problems.append(
            f'{name}: must be a list: [[{name}]] above each entry, in YAML "- " before it'
        )
        return section
    for index, entry in enumerate(found):
        try:
            section.entries[index] = model.model_validate(entry, context=region)
        except ValidationError as error:
            section.broken_texts.update(_texts(entry))
            section.problems += [_told(f"{name}[{index}]", mistake, model) for mistake in error.errors()]
    return section


def _texts(entry: object) -> Iterator[str]:
    for value in entry.values() if isinstance(entry, dict) else ():
        yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _told(place: str, mistake: ErrorDetails, model: type[Entry]) -> str:
    for part in mistake["loc"]:
        place += f"[{part}]" if isinstance(part, int) else f".{part[:40]}"
    if mistake["type"] == "extra_forbidden":
        return f"{place}: no such field; known: {', '.join(model.model_fields)}"
    return f"{place}: {_REMEDIES.get(mistake['type']) or mistake['msg'].removeprefix('Value error, ')}"
