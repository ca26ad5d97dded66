"""Both languages have words for all that the flow can say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from tests.flow.clock import MISSED, NOON, LiveCall, plan
from tests.flow.ways import LATE, WAYS
from tests.story.telling import ENGLISH, RUSSIAN, all_texts, entry, steps_of, told

from ivr_fsm.flow import commands, events
from ivr_fsm.flow.guards import Guards
from ivr_fsm.flow.machine import CallFlow
from ivr_fsm.flow.record import LegState
from ivr_fsm.flow.step import Step
from ivr_fsm.story.asked import Legs
from ivr_fsm.story.happened import event_words
from ivr_fsm.story.view import View, words
from ivr_fsm.watch.words import Words

LANGUAGES = ("en", "ru")
PROMPTS = Path(__file__).parents[2] / "prompts"
EVENTS = get_args(events.Event)

LATIN = re.compile(r"[A-Za-z]+")
NAMES = {"FW", "ANNOUNCE", "CONFIRM", "RECORDED", "s", "ERR", "Invalid", "uuid", "reset", "by", "peer"}
"""Prompts, the id of a shop, and what the switch and the system say themselves."""


def section(language: str, name: str) -> set[str]:
    keys = (key.partition(".") for key in words(language).all)
    return {key for of, _, key in keys if of == name}


def test_both_languages_know_the_same_texts_and_the_same_facts() -> None:
    english, russian = (words(language).all for language in LANGUAGES)
    assert english.keys() == russian.keys()
    for key in english:
        ours, theirs = (sorted(re.findall(r"\{\w*\}", texts[key])) for texts in (english, russian))
        assert ours == theirs, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_and_every_bracket_is_closed(language: str) -> None:
    for key, text in words(language).all.items():
        assert text.strip(), key
        assert not re.search(r"[\[\]]", re.sub(r"\[[^\[\]]*\]", "", text)), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_guard_has_words_and_one_sense(language: str) -> None:
    asked = {name for name, value in vars(Guards).items() if not name.startswith("_") and callable(value)}
    guards, opposites = section(language, "guards"), section(language, "opposites")
    assert guards | opposites == asked
    assert not guards & opposites


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_and_all_that_watchers_are_told_has_words(language: str) -> None:
    assert section(language, "asked") == {kind.__name__ for kind in get_args(commands.Command)}
    assert section(language, "told") == Words(language).known


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_is_explained(language: str) -> None:
    recorded = tomllib.loads((PROMPTS / "ru.toml").read_text("utf-8"))["recordings"].keys()
    planned = set(re.findall(r"\bFW\d+\b", plan().model_dump_json()))
    assert planned
    assert recorded | planned <= section(language, "prompts")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_target_and_outcome_has_words(language: str) -> None:
    states = {state.id for state in CallFlow().states_map.values() if state.is_atomic}
    assert section(language, "states") == states
    assert section(language, "limits") - {"other"} < states
    targets = {"shop", "office", "call_centre", "transfer", "customer"}
    assert section(language, "who") == targets
    assert section(language, "targets") == targets | {"leg"}
    assert {str(state) for state in LegState} <= section(language, "values")
    ended = {key.partition(".")[2] for key in Words(language).all if key.startswith("outcomes.")}
    assert section(language, "outcomes") == ended | {"live"}


def played() -> list[LiveCall]:
    """Every way of the chart, taken."""
    calls = []
    for start, push in WAYS.values():
        live = start()
        push(live)
        calls.append(live)
    return calls


@pytest.mark.parametrize("every", [True, False])
def test_whatever_happens_is_told_in_russian_alone(every: bool) -> None:
    seen: set[str] = set()
    for live in played():
        seen |= {step.event for step in steps_of(live)}
        for text in all_texts(told(live, RUSSIAN, every=every)):
            assert set(LATIN.findall(text.replace(MISSED, ""))) <= NAMES, text
            assert not re.search(r"(^|[\s(«])-($|[\s)»,;])", text), f"a fact is not known: {text}"
    assert seen == {kind.__name__ for kind in EVENTS}


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("view", [ENGLISH, RUSSIAN], ids=["en", "ru"])
def test_every_event_has_words_of_its_own(kind: type, view: View) -> None:
    steps = {type(step.event): step for live in played() for step in live.steps}
    said = event_words(entry(steps[kind]), view)
    assert said and kind.__name__ not in said
    others = {event_words(entry(step), view) for of, step in steps.items() if of is not kind}
    assert said not in others


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_event_and_a_command_of_another_version_keep_their_names(language: str) -> None:
    view = View(language=language)
    step = entry(Step(next(iter(LATE.values())), "menu", "menu", (), ()))
    strange = type(step)(2, NOON, 0.0, "Teleported", "menu", "menu", {"event": {"is": "Teleported"}})
    assert event_words(strange, view) == "Teleported"
    assert Legs(view).words([{"is": "Fly", "to": "moon"}]) == "fly"


def test_a_language_that_there_is_not() -> None:
    with pytest.raises(FileNotFoundError):
        View(language="xx").text("legs.rings")
