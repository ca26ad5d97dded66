"""The terminal, and what is not one."""

from __future__ import annotations

import os

from rich.console import Console, RenderableType
from rich.text import Text

WIDTH = 100
"""No line is longer, and what is not a terminal is as wide."""


def screen() -> Console:
    """Return the terminal; a pipe is `WIDTH` wide unless COLUMNS says otherwise."""
    console = Console(highlight=False)
    if not console.is_terminal and not os.environ.get("COLUMNS"):
        console.width = WIDTH
    return console


def put(console: Console, shown: RenderableType, width: int) -> None:
    """Print *shown* in *width* columns; into what is not a terminal without blanks at the ends of lines."""
    if console.is_terminal:
        console.print(shown, width=width)
        return
    with console.capture() as captured:
        console.print(shown, width=width)
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.print(Text("\n".join(lines)), soft_wrap=True)
