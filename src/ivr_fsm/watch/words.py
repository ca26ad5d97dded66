"""What watchers are told, in words: one file of sentences for each language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from ivr_fsm.flow.commands import Tell

_OPTIONAL = re.compile(r"\[([^\[\]]*)\]")
_FIELD = re.compile(r"\{(\w+)\}")


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"


class Words:
    """The sentences of one language."""

    def __init__(self, language: str, package: str = __package__) -> None:
        """Read ``<language>.toml`` of *package*; that beside this file is what watchers are told.

        Raises:
            FileNotFoundError: there is none.
        """
        told = tomllib.loads((files(package) / f"{language}.toml").read_text("utf-8"))
        self._texts: Mapping[str, str] = dict(_flat(told))

    def say(self, tell: Tell, *, back: bool = False) -> str:
        """Return *tell* as a sentence; what is not known of the call is left out, or is a dash.

        Args:
            tell: what to say. Its facts stand in the sentence as they are.
            back: it is told of a call that calls somebody back.
        """
        facts = dict(tell.facts)
        if whose := self._texts.get(f"targets.{facts.get('target', '')}"):
            facts["who"] = _filled(whose, facts)
        for name, section in (("next", "next"), ("wanted", "wanted"), ("state", "where")):
            if name in facts:
                facts[name] = self._texts.get(f"{section}.{facts[name]}", facts[name])
        if "outcome" in facts:
            facts["outcome"] = self.outcome(facts["outcome"], back=back)
        in_back = self._texts.get(f"back.{tell.what}") if back else None
        return _filled(in_back or self._texts[tell.what], facts)

    def text(self, key: str, /, **facts: str) -> str:
        """Return the text of that *key*, like ``buttons.stop``, with *facts* in it as they are.

        Raises:
            KeyError: there is none.
        """
        return _filled(self._texts[key], facts)

    def either(self, section: str, name: str, otherwise: str) -> str:
        """Return the text of *name* in *section*, or *otherwise*: an older flow may have had other names."""
        return self._texts.get(f"{section}.{name}", otherwise)

    def outcome(self, outcome: str, *, back: bool = False) -> str:
        """Return the outcome of a call in words: ``answered:office``; *back*: it called somebody back."""
        kind, _, where = outcome.partition(":")
        keys = (f"back_outcomes.{kind}",) * back + (f"outcomes.{kind}",)
        key = next((key for key in keys if key in self._texts), None)
        section = "who" if kind == "answered" else "where"
        return self.text(key, where=self.either(section, where, where)) if key else outcome

    @property
    def known(self) -> frozenset[str]:
        """Every sentence for what the flow tells."""
        return frozenset(key for key in self._texts if "." not in key)

    @property
    def all(self) -> Mapping[str, str]:
        """Every text as it is written, by its key."""
        return self._texts


def _flat(told: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in told.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield above + key, value


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """Return *template* with *facts* in it, without the parts in brackets of which a fact is not known."""
    known = _Known({name: fact for name, fact in facts.items() if fact})
    kept = (
        part
        for index, part in enumerate(_OPTIONAL.split(template))
        if index % 2 == 0 or known.keys() >= set(_FIELD.findall(part))
    )
    return "".join(kept).format_map(known).strip()
