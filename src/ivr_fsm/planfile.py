"""The plan file: read, and checked against the prompts that are really there."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ivr_fsm.flow.plan import RECORDED, Mark, Menu, Notice, Plan, Target, Timeline
from ivr_fsm.phone import BadPhone, parse_dialable
from ivr_fsm.speech.prompts import PromptError, PromptLibrary


class PlanError(ValueError):
    """The plan file cannot be used; *problems* are its mistakes, each with its place and the remedy."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        self.problems = [f"{file}: {problem}" for problem in problems]
        super().__init__("\n".join(self.problems))


def load_plan(file: Path) -> Plan:
    """Read a plan file (TOML).

    Raises:
        PlanError: it is missing, not TOML, or says something that a plan cannot say; all mistakes are named.
    """
    try:
        if not file.is_file():
            raise OSError("there is no such file")
        # Windows editors put a byte order mark in front.
        content = tomllib.loads(file.read_text("utf-8-sig"))
    except UnicodeDecodeError:
        raise PlanError(file, ["is not UTF-8 text: save it as UTF-8"]) from None
    except (OSError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise PlanError(file, [f"cannot be read: {error}"]) from None
    try:
        return Plan.model_validate(merged(Plan().model_dump(), content))
    except ValidationError as error:
        raise PlanError(
            file, [f"{_place(each['loc'])}: {_remedy(each)}" for each in error.errors()]
        ) from None


def merged(plan: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return *plan*, as data, with what *change* says instead; what it does not say stays."""
    result = dict(plan)
    for key, value in change.items():
        inner = result.get(key)
        both = isinstance(value, Mapping) and isinstance(inner, dict)
        result[key] = merged(inner, value) if both and inner is not None else value
    return result


def check_plan(plan: Plan, library: PromptLibrary, region: str) -> list[str]:
    """Return the mistakes of a plan that can be read but would serve callers badly; none: an empty list."""
    return [
        *_prompt_problems(plan, library),
        *(
            problem
            for place, timeline in _timelines(plan)
            for problem in _timeline_problems(place, timeline, library)
        ),
        *_notice_problems(plan, library),
        *_lead_problems(plan, library),
        *_target_problems(plan, region),
    ]


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "the file"


_REMEDIES = {
    "tuple_type": "must be a list, in square brackets",
    "string_type": "must be text, in quotes",
    "string_pattern_mismatch": "is not written like the default value of this setting",
    "bool_parsing": "must be true or false",
    "model_type": "must be a section",
}


def _remedy(mistake: ErrorDetails) -> str:
    if mistake["type"] == "extra_forbidden":
        return no_such_setting(str(mistake["loc"][-1]), _names(Plan))
    return _REMEDIES.get(mistake["type"], mistake["msg"].removeprefix("Value error, "))


def no_such_setting(name: str, known: Collection[str]) -> str:
    """Return the message about a setting that there is not, with the one of *known* that may be meant."""
    near = get_close_matches(name, known, n=1)
    guess = f"did you mean {near[0]}?" if near else "docs/configuration.md lists them all"
    return f"there is no such setting; {guess}"


def _names(part: type[BaseModel]) -> set[str]:
    names = set(part.model_fields)
    for field in part.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= _names(field.annotation)
    return names


def _timelines(plan: Plan) -> Iterator[tuple[str, Timeline]]:
    yield "dialing_shop", plan.dialing_shop
    yield "dialing_office.from_menu", plan.dialing_office.from_menu
    yield "dialing_office.otherwise", plan.dialing_office.otherwise
    yield "dialing_call_centre", plan.dialing_call_centre
    yield "announcing", plan.announcing
    yield "transferring", plan.transferring
    yield "calling_back", plan.calling_back


def _used(plan: Plan) -> Iterator[tuple[str, str]]:
    for place, timeline in _timelines(plan):
        yield from ((f"{place}.plays", mark.prompt) for mark in timeline.plays)
    yield "greeting.prompt", plan.greeting.prompt
    yield "menu.prompt", plan.menu.prompt
    yield "partner_notice.prompt", plan.partner_notice.prompt
    yield "unanswered.prompt", plan.unanswered.prompt
    yield "calling_back.prompt", plan.calling_back.prompt
    yield "calling_back.silent_prompt", plan.calling_back.silent_prompt
    yield "announcing.prompt", plan.announcing.prompt
    yield "announcing.confirm_prompt", plan.announcing.confirm_prompt
    if plan.greeting.recorded:
        yield "greeting.recorded", RECORDED
    for name in ("shop_silent", "shop_closed", "to_support"):
        yield f"prompts.{name}", getattr(plan.prompts, name)


def _prompt_problems(plan: Plan, library: PromptLibrary) -> Iterator[str]:
    known = set(library.codes)
    for place, code in _used(plan):
        if code not in known and not library.path(code).is_file():
            yield f"{place}: there is no prompt {code}; known are {', '.join(sorted(known))}"
    yield from library.problems()


def _seconds(library: PromptLibrary, code: str) -> float:
    try:
        return library.seconds(code)
    except PromptError:
        return 0.0


def _timeline_problems(place: str, timeline: Timeline, library: PromptLibrary) -> Iterator[str]:
    for mark in timeline.plays:
        if mark.at >= timeline.gives_up:
            over = f"the state gives up at {timeline.gives_up:g} s"
            yield f"{place}: '{mark}' is never heard: {over}"
        yield from _every_problem(place, mark, library)
    marks = [*timeline.marks(), (timeline.gives_up, "")]
    told: set[tuple[str, str]] = set()
    for (at, code), (then, following) in pairwise(marks):
        if (code, following) not in told and at + (length := _seconds(library, code)) > then + 0.001:
            told.add((code, following))
            what = f"'{then:g} {following}'" if following else f"giving up at {then:g} s"
            yield f"{place}: '{at:g} {code}' lasts {length:.1f} s and would be cut off by {what}"


def _every_problem(place: str, mark: Mark, library: PromptLibrary) -> Iterator[str]:
    if mark.every and (length := _seconds(library, mark.prompt)) > mark.every:
        yield f"{place}: '{mark}' lasts {length:.1f} s and would be cut off by itself"


def _notice_problems(plan: Plan, library: PromptLibrary) -> Iterator[str]:
    notices: dict[str, Notice | Menu] = {
        "greeting": plan.greeting,
        "partner_notice": plan.partner_notice,
        "unanswered": plan.unanswered,
        "calling_back": Notice(prompt=plan.calling_back.silent_prompt, limit=plan.unanswered.limit),
        "menu": plan.menu,
    }
    for place, notice in notices.items():
        codes = [notice.prompt, *([RECORDED] if notice is plan.greeting and plan.greeting.recorded else [])]
        if (length := sum(_seconds(library, code) for code in codes)) > notice.limit:
            too_long = (
                f"last{'s' * (len(codes) == 1)} {length:.1f} s, longer than its limit of {notice.limit:g} s"
            )
            yield f"{place}: {' and '.join(codes)} {too_long}"


def _lead_problems(plan: Plan, library: PromptLibrary) -> Iterator[str]:
    """What is said on the way into a state is queued before the state's first prompt: both must fit."""
    ways = [
        ("prompts.shop_closed", plan.prompts.shop_closed, "dialing_call_centre", plan.dialing_call_centre),
        ("prompts.to_support", plan.prompts.to_support, "dialing_call_centre", plan.dialing_call_centre),
        (
            "prompts.shop_silent",
            plan.prompts.shop_silent,
            "dialing_office.otherwise",
            plan.dialing_office.otherwise,
        ),
    ]
    if plan.greeting.recorded:
        # Whoever presses a key during the greeting hears it on the way.
        ways += [
            ("greeting.recorded", RECORDED, "dialing_shop", plan.dialing_shop),
            ("greeting.recorded", RECORDED, "dialing_office.from_menu", plan.dialing_office.from_menu),
        ]
    for place, lead, state, timeline in ways:
        marks = timeline.marks()
        at_once = sum(_seconds(library, code) for at, code in marks if at == 0)
        then = next((at for at, _ in marks if at > 0), timeline.gives_up)
        if (length := _seconds(library, lead) + at_once) > then:
            both = f"{lead} and what {state} says at 0 last {length:.1f} s together"
            yield f"{place}: {both} and would be cut off at {then:g} s"


def _target_problems(plan: Plan, region: str) -> Iterator[str]:
    for name in ("office", "call_centre"):
        target = getattr(plan.targets, name)
        if not target.numbers:
            yield f'targets.{name}.numbers: nobody to ring; write numbers = ["+7 495 111-00-11"]'
        for index, number in enumerate(target.numbers):
            try:
                parse_dialable(number, region)
            except BadPhone as error:
                yield f"targets.{name}.numbers.{index}: {error}"
        yield from _limit_problems(name, target, plan)
    yield from _limit_problems("shop", plan.targets.shop, plan)
    yield from _limit_problems("customer", plan.targets.customer, plan)
    for name, whose in (
        ("shop", "the marketplace says where a shop is reached"),
        ("customer", "a customer is called back where the call came from"),
    ):
        if getattr(plan.targets, name).numbers:
            yield f"targets.{name}.numbers: {whose}; these are never rung"


def _limit_problems(name: str, target: Target, plan: Plan) -> Iterator[str]:
    """The switch's own limits are a net under the service: they must not come first."""
    rung = {
        "shop": plan.dialing_shop.gives_up,
        "office": max(plan.dialing_office.from_menu.gives_up, plan.dialing_office.otherwise.gives_up),
        "call_centre": plan.dialing_call_centre.gives_up,
        "customer": plan.calling_back.gives_up,
    }[name]
    if target.ring_limit < rung:
        early = f"{target.ring_limit} s end before the state gives up at {rung:g} s"
        yield f"targets.{name}.ring_limit: {early}"
    asked = plan.announcing.confirm_limit if target.confirm else 0
    needed = plan.announcing.gives_up + asked + plan.connected.bridge_limit
    if (target.announce or target.confirm) and target.park_limit < needed:
        short = f"{target.park_limit} s, but who answers may have to wait {needed:g} s"
        yield f"targets.{name}.park_limit: {short}"
