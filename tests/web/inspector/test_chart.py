from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from typing import get_args
from xml.etree import ElementTree

import pytest
from tests.playbook import playbook

from ivr_fsm.call.desk import Answer
from ivr_fsm.demo.scenarios import SCENARIOS
from ivr_fsm.flow.diagram import chart as the_chart
from ivr_fsm.journal.followups import Happened
from ivr_fsm.web.inspector import flowpage, listing
from ivr_fsm.web.inspector.chart import Overlay, arrow, draw, way
from ivr_fsm.web.inspector.lanes import Kind
from ivr_fsm.web.inspector.templates import STATIC
from ivr_fsm.web.inspector.words import LANGUAGES, words_of

PACKAGE = files("ivr_fsm.web.inspector")


@pytest.mark.parametrize("name", [scenario.name for scenario in SCENARIOS])
def test_a_calls_way_is_lit_and_numbered(name: str) -> None:
    book = playbook()
    steps = book.reader.steps(book.call(name).key)
    moves = [step for step in steps if step.moved]
    found = way(steps)
    numbered = sorted((number, state) for state, visits in found.visits.items() for number in visits)
    assert numbered == list(enumerate((step.after for step in moves), 1))
    assert len(found.lit) <= len(moves)
    assert {pair[1] for pair in found.lit} >= {step.after for step in moves} - {"identifying"}
    pairs = the_chart().events()
    for pair, events in found.lit.items():
        assert {event.replace("_", " ") for event in events} <= set(pairs[pair])
    ElementTree.fromstring(draw(found, words_of("ru"), "путь"))


def test_a_move_of_an_older_flow_has_no_arrow() -> None:
    assert arrow(("menu", "somewhere")) is None
    assert arrow(("partner_notice", "menu")) is None


def test_no_head_of_an_arrow_is_under_a_state() -> None:
    notes = {state: ["one", "two", "three"] for state in the_chart().inside}
    svg = ElementTree.fromstring(draw(Overlay(notes=notes), words_of("ru"), "figures"))
    boxes = [
        [float(box.get(name, "")) for name in ("x", "y", "width", "height")]
        for box in svg.iter()
        if box.get("class") == "box"
    ]
    heads = [
        list(map(float, re.findall(r"[-0-9.]+", path.get("d", ""))[-2:]))
        for path in svg.iter()
        if path.get("marker-end")
    ]
    assert len(boxes) > 10
    assert len(heads) > 20
    for x, y in heads:
        assert not [
            1
            for left, top, w, h in boxes
            if left < x - 1 < x + 1 < left + w and top < y - 1 < y + 1 < top + h
        ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_on_it_has_words(language: str) -> None:
    words, flow = words_of(language), the_chart()
    known = words.all
    for state, inside in flow.inside.items():
        assert f"{'areas' if inside else 'states'}.{state}" in known
    for events in flow.events().values():
        for event in events:
            assert f"events.{event.replace(' ', '_')}" in known
    svg = draw(Overlay(counts=dict.fromkeys(flow.events(), 3)), words, "<все> & каждый")
    assert ElementTree.fromstring(svg).get("aria-label") == "<все> & каждый"


def test_both_languages_say_the_same() -> None:
    ru, en = (tomllib.loads((PACKAGE / f"{language}.toml").read_text("utf-8")) for language in LANGUAGES)
    assert ru.keys() == en.keys()
    for section in ru:
        assert ru[section].keys() == en[section].keys(), section
        for key, text in ru[section].items():
            fields = re.compile(r"\{(\w+)\}")
            assert set(fields.findall(text)) == set(fields.findall(en[section][key])), (section, key)


def test_every_text_that_is_used_exists_and_every_own_text_is_used() -> None:
    sources = [each for each in PACKAGE.iterdir() if each.name.endswith(".py")]
    sources += list((PACKAGE / "pages").iterdir())
    said = "\n".join(each.read_text("utf-8") for each in sources)
    used = set(re.findall(r"""["']([a-z_]+\.[a-z_0-9]+)["']""", said))
    made = set(re.findall(r"""["']([a-z_]+\.[a-z_]*)["']\s*~""", said))
    made |= set(re.findall(r"""f["']([a-z_]+\.[a-z_]*)\{""", said))
    own = tomllib.loads((PACKAGE / "ru.toml").read_text("utf-8"))
    keys = {f"{section}.{key}" for section, texts in own.items() for key in texts}
    sections = set(own)
    for key in used:
        if (
            key not in made
            and key.partition(".")[0] in sections
            and not key.endswith((".html", ".css", ".js", ".svg"))
        ):
            assert key in words_of("ru").all, key
    by_name = ("events.", "areas.")
    unused = {key for key in keys - used if not any(key.startswith(start) for start in (*made, *by_name))}
    assert unused == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_whose_keys_are_put_together_exist(language: str) -> None:
    wanted = {f"lanes.{kind}" for kind in get_args(Kind) if kind not in ("state", "prompt")}
    wanted |= {f"marks.{kind}" for kind in ("digit", "timer", "wanted", "missing", "end", "fault")}
    wanted |= {f"outcome_names.{each}" for each in (*listing.OUTCOMES, "live")}
    wanted |= {f"who.{each}" for each in listing.TARGETS}
    wanted |= {f"kinds.{each}" for each in listing.KINDS}
    wanted |= {f"states.{each}" for each in listing.STATES}
    wanted |= {f"answers.{each}" for each in Answer if each is not Answer.TAKEN}
    wanted |= {f"follow_ups.{each}" for each in (*get_args(Happened), "other")}
    wanted |= {f"flow.{each}" for each in flowpage.PERIODS}
    wanted |= {f"buttons.{each}" for each in ("send_office", "send_call_centre", "stop", "call_back", "done")}
    assert wanted - words_of(language).all.keys() == set()


def test_static_files_are_there() -> None:
    assert {file.name for file in STATIC.iterdir()} >= {"inspector.css", "inspector.js", "icon.svg"}
