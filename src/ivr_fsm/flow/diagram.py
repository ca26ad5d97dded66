"""The statechart as pictures and as a table, made from `CallFlow` itself: docs/flow.md cannot be wrong.

What stays in its state (late events, prompts of a timeline) is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ivr_fsm.flow import drawing
from ivr_fsm.flow.machine import CallFlow

OUTSIDE = ""
"""Stands for what holds the outermost states."""


@dataclass(frozen=True, slots=True)
class Way:
    """From one state to another (or inside one: *target* is empty), by an event, if every guard says yes."""

    source: str
    target: str
    event: str
    guards: tuple[str, ...]

    def __str__(self) -> str:
        asked = f" [{', '.join(map(_words, self.guards))}]" if self.guards else ""
        return _words(self.event) + asked


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn: every state with those inside it and the *first* of them, and the ways out of each."""

    inside: dict[str, tuple[str, ...]]
    first: dict[str, str]
    ways: tuple[Way, ...]

    @property
    def top(self) -> list[str]:
        """The outermost states."""
        within = {child for children in self.inside.values() for child in children}
        return [state for state in self.inside if state not in within]

    def leads_on(self, state: str) -> bool:
        """Return whether a way leads out of *state*."""
        return any(way.source == state and way.target for way in self.ways)

    def pairs(self) -> dict[tuple[str, str], list[Way]]:
        """Return the ways that leave their state, merged by source and target."""
        found: dict[tuple[str, str], list[Way]] = {}
        for way in self.ways:
            if way.target:
                found.setdefault((way.source, way.target), []).append(way)
        return found

    def events(self) -> dict[tuple[str, str], list[str]]:
        """Return only the events of `pairs`, each once, in words."""
        return {
            pair: list(dict.fromkeys(_words(way.event) for way in ways))
            for pair, ways in self.pairs().items()
        }


@cache
def chart() -> Chart:
    """Return the statechart as data."""
    states: list[Any] = list(CallFlow().states_map.values())
    return Chart(
        inside={state.id: tuple(child.id for child in state.states) for state in states},
        first={state.parent.id if state.parent else OUTSIDE: state.id for state in states if state.initial},
        ways=tuple(way for state in states for way in _ways(state)),
    )


def svg() -> str:
    """Return a drawing of the statechart that needs nothing but itself. Guards are left to the table."""
    return drawing.draw(chart())


def mermaid() -> str:
    """Return a Mermaid ``stateDiagram-v2``: states, the states inside them, events and guards."""
    flow = chart()
    lines = ["stateDiagram-v2", f"    [*] --> {flow.first[OUTSIDE]}"]
    for state in flow.top:
        lines += _mermaid_state(flow, state, "    ")
    for (source, target), ways in flow.pairs().items():
        lines.append(f"    {source} --> {target} : {'<br/>'.join(map(str, ways))}")
    lines += [f"    {state} --> [*]" for state in flow.top if not flow.leads_on(state)]
    return "\n".join(lines)


def transition_table() -> str:
    """Return every way in Markdown, in the order in which the statechart asks."""
    rows = ["| state | event | if | next state |", "|---|---|---|---|"]
    for way in chart().ways:
        if way.target:
            asked = ", ".join(map(_words, way.guards))
            rows.append(f"| `{way.source}` | {_words(way.event)} | {asked} | `{way.target}` |")
    return "\n".join(rows)


def _ways(state: Any) -> Iterator[Way]:
    for transition in state.transitions:
        if not transition.initial:
            target = transition.target.id if transition.target else ""
            for event in transition.events:
                yield Way(state.id, target, str(event), tuple(map(str, transition.cond)))


def _mermaid_state(flow: Chart, state: str, indent: str) -> list[str]:
    if not flow.inside[state]:
        return []
    within = [f"{indent}state {state} {{", f"{indent}    [*] --> {flow.first[state]}"]
    for child in flow.inside[state]:
        within += _mermaid_state(flow, child, indent + "    ") or [f"{indent}    {child}"]
    return [*within, f"{indent}}}"]


def _words(name: str) -> str:
    return name.replace("_", " ")
