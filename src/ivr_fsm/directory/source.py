"""From a TOML or YAML file to plain lists, tables and text, whatever is in the file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from ivr_fsm.directory.port import DirectoryError

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 8
"""Levels of lists and tables in YAML; a directory has four."""

# The C parser, there when PyYAML was built with libyaml, is ten times faster.
_YAML = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


def read_source(path: Path) -> dict[str, Any]:
    """Return what the file says, not yet validated. In YAML every value is text.

    Raises:
        DirectoryError: it cannot be read, is neither TOML nor YAML, or is larger than `MAX_BYTES`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise DirectoryError(f"{path}: larger than {MAX_BYTES // 2**20} MiB: use the marketplace's API")
        # Windows editors put a byte order mark in front.
        text = data.decode("utf-8-sig")
        content = _parse(path, text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        raise DirectoryError(f"{path}: cannot be read: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise DirectoryError(f"{path}: must consist of sections such as shops and customers")
    return content


def _parse(path: Path, text: str) -> object:
    match path.suffix.lower():
        case ".toml":
            return tomllib.loads(text)
        case ".yaml" | ".yml":
            return _parse_yaml(text)
        case _:
            raise DirectoryError(f"{path}: the name must end in .toml, .yaml or .yml")


def _parse_yaml(text: str) -> object:
    """Return the YAML document with every value as text; an empty one is an empty table.

    PyYAML's own constructors would turn an unquoted +79161234567 into a number without its plus and ``no``
    into false, drop the first of two equal keys without a word, and crash on 200 000 opening brackets.
    """
    events = yaml.parse(text, _YAML)
    documents = [_yaml_value(event, events, 0) for event in events if isinstance(event, yaml.NodeEvent)]
    if len(documents) > 1:
        raise ValueError("more than one document: remove the --- between them")
    return (documents[0] if documents else {}) or {}


def _yaml_value(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> object:
    """Return the value that *event* begins.

    Raises:
        ValueError: it is nested too deeply, an alias, or a table whose key is no text or given twice.
    """
    if isinstance(event, yaml.ScalarEvent):
        return event.value
    if depth >= MAX_DEPTH:
        raise ValueError(f"{_line(event)}: nested too deeply")
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[object] = []
        while not isinstance(item := next(events), yaml.SequenceEndEvent):
            items.append(_yaml_value(item, events, depth + 1))
        return items
    if isinstance(event, yaml.MappingStartEvent):
        table: dict[str, object] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            name = _yaml_key(key)
            if name in table:
                raise ValueError(f"{_line(key)}: {name[:40]!r} is given twice")
            table[name] = _yaml_value(next(events), events, depth + 1)
        return table
    raise ValueError(f"{_line(event)}: aliases are not understood here: write it out")


def _yaml_key(event: yaml.Event) -> str:
    if not isinstance(event, yaml.ScalarEvent):
        raise ValueError(f"{_line(event)}: a list or table cannot be a key")
    return str(event.value)


def _line(event: yaml.Event) -> str:
    return f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
