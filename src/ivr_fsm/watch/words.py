"""What watchers are told, in words: one file of sentences for each language."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files

from ivr_fsm.flow.commands import Tell


class _Known(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "-"


class Words:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        """Read ``<language>.toml`` beside this file.

        Raises:
            FileNotFoundError: there is none.
        """
        told = tomllib.loads((files(__package__) / f"{language}.toml").read_text("utf-8"))
        self._targets: Mapping[str, str] = told.pop("targets")
        self._next: Mapping[str, str] = told.pop("next")
        self._sentences: Mapping[str, str] = told

    def say(self, tell: Tell) -> str:
        """Return *tell* as a sentence; what is not known of the call is a dash."""
        known = _Known({key: value for key, value in tell.facts.items() if value})
        if target := self._targets.get(known["target"]):
            known["who"] = target.format_map(known)
        if goes := self._next.get(known["next"]):
            known["next"] = goes
        return self._sentences[tell.what].format_map(known).strip()

    @property
    def known(self) -> frozenset[str]:
        """Every sentence that there is."""
        return frozenset(self._sentences)
