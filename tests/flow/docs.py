"""Regenerates the pictures and the table of docs/flow.md: ``python -m tests.flow.docs``."""

from __future__ import annotations

from pathlib import Path

from ivr_fsm.flow.diagram import mermaid, svg, transition_table

DOCS = Path(__file__).parents[2] / "docs"


def renewed(page: str) -> str:
    """Return docs/*page* with its generated parts made anew."""
    if page == "flow.svg":
        return svg()
    text = (DOCS / page).read_text("utf-8")
    parts = {"diagram": f"```mermaid\n{mermaid()}\n```", "transitions": transition_table()}
    for name, content in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}{content}\n{end}{rest.partition(end)[2]}"
    return text


def main() -> None:
    """Renew both files."""
    for page in ("flow.md", "flow.svg"):
        (DOCS / page).write_text(renewed(page), "utf-8")


if __name__ == "__main__":
    main()
