"""The generated parts of docs/ and of the README are those of today's code."""

from __future__ import annotations

import pytest

from tests.docs import DOCS, GENERATED, renewed


@pytest.mark.parametrize("page", sorted({page for page, _ in GENERATED}))
def test_generated_parts_are_fresh(page: str) -> None:
    assert (DOCS / page).read_text("utf-8") == renewed(page), "stale: run make docs"


@pytest.mark.parametrize(("page", "part"), GENERATED)
def test_generated_parts_are_there(page: str, part: str) -> None:
    text = (DOCS / page).read_text("utf-8")
    content = text.partition(f"<!-- {part} -->\n")[2].partition(f"<!-- end of {part} -->")[0]
    assert content.strip()
