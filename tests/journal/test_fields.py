"""Nobody adds a field, a fact or a guard without saying what it says about people."""

from __future__ import annotations

import ast
from importlib.resources import files
from itertools import combinations

from ivr_fsm.flow.guards import Guards
from ivr_fsm.flow.step import Step
from ivr_fsm.journal.fields import HARMLESS, NUMBERS, PERSONAL, shapes

KNOWN = {*PERSONAL, *NUMBERS, *HARMLESS}


def facts() -> set[str]:
    """The names of facts in the source of the flow: in what is told, and in what knows them."""
    found: set[str] = set()
    for file in files("ivr_fsm.flow").iterdir():
        if not file.name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="tell"), keywords=keywords):
                    found |= {keyword.arg for keyword in keywords if keyword.arg}
                case ast.FunctionDef(name="facts"):
                    for each in ast.walk(node):
                        match each:
                            case ast.Dict(keys=keys):
                                found |= {key.value for key in keys if isinstance(key, ast.Constant)}
                            case ast.Subscript(slice=ast.Constant(value=key), ctx=ast.Store()):
                                found.add(key)
    return found


def test_every_field_of_events_and_commands_is_known() -> None:
    assert set(shapes().places) - KNOWN == set()


def test_every_fact_is_known() -> None:
    assert {"phone", "orders_link", "address", "shop_phones", "leg_phone", "legs", "outcome"} <= facts()
    assert {f"facts.{name}" for name in facts()} - KNOWN == set()


def test_every_guard_is_known() -> None:
    guards = {name for name, each in vars(Guards).items() if hasattr(each, "__wrapped__")}
    assert {f"judged.{name}" for name in guards} - KNOWN == set()


def test_every_text_of_a_step_is_known() -> None:
    texts = {name for name, kind in Step.__annotations__.items() if kind == "str"} - {"before", "after"}
    assert {f"step.{name}" for name in texts} - KNOWN == set()


def test_what_is_known_is_there_and_said_once() -> None:
    fields = {place for place in KNOWN if place.partition(".")[0] not in ("facts", "judged", "step")}
    assert fields - set(shapes().places) == set()
    assert all(shapes().places[place] is str for place in fields & set(PERSONAL))
    assert [one & other for one, other in combinations((set(PERSONAL), NUMBERS, HARMLESS), 2)] == [set()] * 3
