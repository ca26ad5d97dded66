"""The texts of the pages: those that watchers are told everywhere, and the pages' own."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files

from ivr_fsm.watch.words import Words

LANGUAGES = ("ru", "en")


class PageWords(Words):
    """`Words` of one language, with the texts of ``<language>.toml`` beside this file added."""

    def __init__(self, language: str) -> None:
        super().__init__(language)
        own = tomllib.loads((files(__package__) / f"{language}.toml").read_text("utf-8"))
        added = {f"{section}.{key}": text for section, texts in own.items() for key, text in texts.items()}
        self._texts = {**self._texts, **added}
        self.language = language


@cache
def words_of(language: str) -> PageWords:
    """Return the texts of *language*, Russian if that is none of `LANGUAGES`."""
    return PageWords(language if language in LANGUAGES else LANGUAGES[0])
