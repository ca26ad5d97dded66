"""The plan file: read, and checked against the prompts that are really there."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from ivr_fsm.flow.plan import Mark, Notice, Plan, Timeline
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
        content = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(file, [str(error)]) from None
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        found = [
            f"{_place(mistake['loc'])}: {_remedy(mistake['type'], mistake['msg'])}"
            for mistake in error.errors()
        ]
        raise PlanError(file, found) from None


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


def _remedy(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "no such setting (a typing mistake? docs/configuration.md lists them all)"
    return message.removeprefix("Value error, ")


def _timelines(plan: Plan) -> Iterator[tuple[str, Timeline]]:
    yield "dialing_shop", plan.dialing_shop
    yield "dialing_office.from_menu", plan.dialing_office.from_menu
    yield "dialing_office.otherwise", plan.dialing_office.otherwise
    yield "dialing_call_centre", plan.dialing_call_centre
    yield "announcing", plan.announcing
    yield "transferring", plan.transferring


def _used(plan: Plan) -> Iterator[tuple[str, str]]:
    for place, timeline in _timelines(plan):
        yield from ((f"{place}.plays", mark.prompt) for mark in timeline.plays)
    yield "greeting.prompt", plan.greeting.prompt
    yield "menu.prompt", plan.menu.prompt
    yield "partner_notice.prompt", plan.partner_notice.prompt
    yield "unanswered.prompt", plan.unanswered.prompt
    yield "announcing.prompt", plan.announcing.prompt
    yield "announcing.confirm_prompt", plan.announcing.confirm_prompt
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
    for (at, code), (then, following) in pairwise(marks):
        if code and at + (length := _seconds(library, code)) > then + 0.001:
            what = f"'{then:g} {following}'" if following else f"giving up at {then:g} s"
            yield f"{place}: '{at:g} {code}' lasts {length:.1f} s and would be cut off by {what}"


def _every_problem(place: str, mark: Mark, library: PromptLibrary) -> Iterator[str]:
    if mark.every and (length := _seconds(library, mark.prompt)) > mark.every:
        yield f"{place}: '{mark}' lasts {length:.1f} s and would be cut off by itself"


def _notice_problems(plan: Plan, library: PromptLibrary) -> Iterator[str]:
    notices: dict[str, Notice] = {
        "greeting": plan.greeting,
        "partner_notice": plan.partner_notice,
        "unanswered": plan.unanswered,
        "menu": Notice(prompt=plan.menu.prompt, limit=plan.menu.limit),
    }
    for place, notice in notices.items():
        if (length := _seconds(library, notice.prompt)) > notice.limit:
            too_long = f"lasts {length:.1f} s, longer than its limit of {notice.limit:g} s"
            yield f"{place}: {notice.prompt} {too_long}"


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
    if plan.targets.shop.numbers:
        yield "targets.shop.numbers: the marketplace says where a shop is reached; these are never rung"
