"""The plan: every number, prompt and phone of the call flow, as validated data. Times are seconds.

The defaults are those of the default plan; a plan file changes what differs. See docs/configuration.md.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PrivateAttr,
    model_validator,
)

from ivr_fsm.flow.hours import Hours

Seconds = Annotated[float, Field(gt=0, le=3600)]
Digit = Annotated[str, Field(pattern=r"^[0-9*#]$")]
RECORDED = "RECORDED"
"""The prompt that says that the conversation is recorded."""
PromptCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]{0,31}$")]

_PLAY = re.compile(r"(\d+(?:\.\d+)?)\s+([A-Z][A-Z0-9_]{0,31})(?:\s+every\s+(\d+(?:\.\d+)?))?")


class Part(BaseModel):
    """A section of the plan: frozen, and without keys that nobody knows."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Mark(Part):
    """One line of a timeline: *prompt* at *at* seconds, again *every* so many seconds."""

    at: float = Field(ge=0)
    prompt: PromptCode
    every: float | None = Field(default=None, ge=1)

    def __str__(self) -> str:
        every = f" every {_written(self.every)}" if self.every else ""
        return f"{_written(self.at)} {self.prompt}{every}"


def _written(seconds: float) -> str:
    """Return *seconds* as a plan file has them, exactly: what is read again is the same number."""
    return f"{Decimal(repr(seconds)).normalize():f}"


def _read_mark(value: object) -> object:
    if not isinstance(value, str):
        return value
    read = _PLAY.fullmatch(value.strip())
    if read is None:
        raise ValueError(f"{value!r} is not like '4 FW8' or '0 FW8 every 10' (seconds, prompt)")
    at, prompt, every = read.groups()
    return {"at": at, "prompt": prompt, "every": every}


MarkText = Annotated[Mark, BeforeValidator(_read_mark), PlainSerializer(str)]


class Timeline(Part):
    """What the caller hears while somebody's phone rings, and after how long we stop waiting.

    A prompt whose time has come cuts off the one that still plays.
    """

    plays: tuple[MarkText, ...]
    """What the caller hears: ``"4 FW8"`` is prompt FW8 at second 4, ``"0 FW8 every 10"`` again and again."""
    gives_up: Seconds
    """After so many seconds the call moves on."""

    def marks(self) -> list[tuple[float, str]]:
        """Return every (seconds, prompt) up to `gives_up`, in order, ``every`` written out."""
        found: list[tuple[float, str]] = []
        for mark in self.plays:
            at = mark.at
            while at < self.gives_up:
                found.append((at, mark.prompt))
                if mark.every is None:
                    break
                at += mark.every
        return sorted(found, key=lambda mark: mark[0])


def timeline(gives_up: float, *plays: str) -> Timeline:
    """Return a `Timeline` written as it is in a plan file."""
    return Timeline.model_validate({"plays": plays, "gives_up": gives_up})


class Identifying(Part):
    """How long the marketplace may take to say who calls."""

    limit: Seconds = 2
    """After so many seconds the caller counts as unknown, and the call goes on."""


class Notice(Part):
    """A prompt that is played to its end."""

    prompt: PromptCode
    """What is said."""
    limit: Seconds = 28
    """The call goes on after so many seconds even if the end of the prompt was not reported."""


class Greeting(Notice):
    """What is said to whoever is not a partner."""

    prompt: PromptCode = "FW1"
    """What is said."""
    recorded: bool = False
    """After it RECORDED: that the conversation is recorded. No key cuts that off; what comes next waits."""


class Menu(Part):
    """The menu of a caller with an active order."""

    prompt: PromptCode = "FW3"
    """What the menu says."""
    limit: Seconds = 28
    """The wait for a key begins after so many seconds even if the end of the prompt was not reported."""
    silence: Seconds = 10
    """How long we wait for a key after the prompt."""
    repeats: int = Field(default=1, ge=0, le=5)
    """How often the prompt is said again to a caller who presses nothing; then the office is rung."""
    tries: int = Field(default=3, ge=1, le=9)
    """With the so-many-th wrong key the office is rung."""
    shop_digit: Digit = "1"
    """The key for the shop."""
    support_digit: Digit = "2"
    """The key for support."""

    @model_validator(mode="after")
    def _tell_keys_apart(self) -> Self:
        if self.shop_digit == self.support_digit:
            raise ValueError(f"shop_digit and support_digit are both {self.shop_digit!r}: they must differ")
        return self


class Office(Part):
    """The office rings for long when the caller chose it, for short when it is one more attempt."""

    from_menu: Timeline = timeline(34, "0 FW7", "4 FW8", "14 FW8", "24 FW8")
    """The caller pressed the key for support, or none that the menu knows."""
    otherwise: Timeline = timeline(10, "0 FW8")
    """The shop did not answer, or there is no active order."""


class Announcing(Timeline):
    """What the callee hears before the two are connected, and the caller meanwhile."""

    prompt: PromptCode = "ANNOUNCE"
    """Tells the callee who calls."""
    confirm_prompt: PromptCode = "CONFIRM"
    """Asks the callee to press the key that accepts the call, where `confirm` is on."""
    confirm_digit: Digit = "1"
    """The key that accepts the call."""
    confirm_limit: Seconds = 10
    """How long a callee who heard that question may take to press it; then the next target is rung."""
    plays: tuple[MarkText, ...] = timeline(9, "0 FW8", "6.5 FW8").plays
    """What the caller hears meanwhile."""
    gives_up: Seconds = 9
    """The announcement may last so many seconds; then the two are connected."""


class Transferring(Timeline):
    """A callee's blind transfer."""

    plays: tuple[MarkText, ...] = timeline(30, "0 FW8 every 10").plays
    """What the caller hears while the number rings."""
    gives_up: Seconds = 30
    """How long the number that the callee transferred to may ring; then the call centre is rung."""
    reconnect: Seconds = 5
    """How long the switch may take to hand the caller back to us with that number."""
    most: int = Field(default=5, ge=0, le=20)
    """How often a caller may be transferred; then the call centre is rung."""


class CallingBack(Timeline):
    """Somebody of the office calls back whom nobody had helped."""

    office_limit: int = Field(default=30, ge=5, le=120)
    """How long, in seconds, the phones of the office ring."""
    prompt: PromptCode = "FW10"
    """Tells who picked up that the customer is being rung."""
    plays: tuple[MarkText, ...] = ()
    """What is said to them while the customer's phone rings."""
    gives_up: Seconds = 45
    """How long the customer's phone may ring."""
    silent_prompt: PromptCode = "FW11"
    """Tells them that the customer does not answer."""


def _read_record(value: object) -> object:
    return {True: "bridge", False: "off"}[value] if isinstance(value, bool) else value


class Connected(Part):
    """The conversation."""

    bridge_limit: Seconds = 5
    """How long the switch may take to connect the two; then the next target is rung."""
    record: Annotated[Literal["bridge", "answer", "off"], BeforeValidator(_read_record)] = "bridge"
    """From when to record, caller and callee on a channel each: from the `bridge` (true), from the `answer`,
    with what callers are told and press, or `off` (false)."""


class Ending(Part):
    """The end of a call."""

    release_limit: Seconds = 10
    """How long the switch may take to confirm that every leg is gone; then watchers are told."""


class Prompts(Part):
    """What is said on the way from one state to the next, and the language of all prompts."""

    language: str = Field(default="ru", pattern=r"^[a-z]{2}$")
    """The folder of the recordings: ``ru`` or ``en``."""
    shop_silent: PromptCode = "FW4"
    """The shop does not answer; left out if the timeline of the shop has said it."""
    shop_closed: PromptCode = "FW5"
    """The caller wants the shop, and it is closed."""
    to_support: PromptCode = "FW7"
    """The caller wants support, and the office is closed."""
    hold_by_name: bool = False
    """FW8 names the caller and the order when speech is ready with it."""


class Target(Part):
    """Phones that ring together."""

    numbers: tuple[str, ...] = ()
    """The phones. Those of a shop come from the marketplace, and none are written here."""
    announce: bool = False
    """Tell the callee who calls before the two are connected."""
    confirm: bool = False
    """The callee must press `announcing.confirm_digit`, so that an answering machine never gets the call."""
    on_move: Literal["keep", "cancel"] = "keep"
    """What becomes of phones that still ring when the call moves on to the next target."""
    ring_limit: int = Field(default=90, ge=5, le=300)
    """Seconds after which the switch itself stops ringing: the net under the service."""
    park_limit: int = Field(default=30, ge=10, le=120)
    """Seconds after which the switch itself releases a leg that answered and was never connected."""


class OfficeTarget(Target):
    """The office: outside its *hours* (``"mon-fri 09:00-21:00"``) it is skipped."""

    hours: tuple[str, ...] = ()
    """When the office works; none: always."""
    zone: str = "Europe/Moscow"
    """The time zone of the hours."""
    _schedule: Hours | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _read_hours(self) -> Self:
        if self.hours:
            self._schedule = Hours.parse(self.hours, self.zone)
            if self._schedule.never_open:
                raise ValueError(self._schedule.never_open)
        return self

    def is_open(self, at: datetime) -> bool:
        """Say whether the office works at *at* (an aware time)."""
        return self._schedule is None or self._schedule.is_open(at)


class Targets(Part):
    """Who can be rung."""

    shop: Target = Target(announce=True)
    office: OfficeTarget = OfficeTarget()
    call_centre: Target = Target()
    transfer: Target = Target()
    """Only its limits and `confirm` matter: the number is the one that the callee transferred to."""
    customer: Target = Target()
    """Only its limits matter: the number is the one of who is called back."""


class Plan(Part):
    """The whole plan. `Plan()` is the default one, without phone numbers."""

    prompts: Prompts = Prompts()
    identifying: Identifying = Identifying()
    greeting: Greeting = Greeting()
    menu: Menu = Menu()
    dialing_shop: Timeline = timeline(32, "0 FW6", "4 FW8", "14 FW8", "24 FW4")
    dialing_office: Office = Office()
    dialing_call_centre: Timeline = timeline(60, "0 FW8 every 10")
    announcing: Announcing = Announcing()
    connected: Connected = Connected()
    transferring: Transferring = Transferring()
    partner_notice: Notice = Notice(prompt="FW2")
    unanswered: Notice = Notice(prompt="FW9")
    calling_back: CallingBack = CallingBack()
    ending: Ending = Ending()
    targets: Targets = Targets()
