"""From a TOML or YAML file to plain lists, tables and text, whatever is in the file."""

from __future__ import annotations

import tomllib
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from ivr_fsm.directory.port import DirectoryError

MAX_BYTES = 16 * 2**20


class _Loader(getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """YAML in which every value is text and no key comes twice.

    YAML's own rules turn an unquoted +79161234567 into a number without its plus, ``no`` into false, and
    drop the first of two equal keys without a word. The C loader is there with libyaml and ten times faster.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"{key.value[:40]!r} is given twice", key.start_mark
                    )
                seen.add(key.value)
        mapping: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return mapping


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
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise DirectoryError(f"{path}: must consist of sections such as shops and customers")
    return content


def _parse(path: Path, text: str) -> object:
    match path.suffix.lower():
        case ".toml":
            return tomllib.loads(text)
        case ".yaml" | ".yml":
            return yaml.load(text, _Loader)  # noqa: S506 (a loader that makes nothing but text)
        case _:
            raise DirectoryError(f"{path}: the name must end in .toml, .yaml or .yml")
