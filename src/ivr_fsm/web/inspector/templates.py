"""Pages from the templates in ``pages/``. All that is put into one is escaped unless it says ``safe``."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

STATIC = files(__package__) / "static"


def render(name: str, **context: Any) -> str:
    """Return the page of that template; a name that *context* lacks is an error.

    Raises:
        jinja2.TemplateError: the template or what it is given is wrong.
    """
    return _environment().get_template(name).render(context)


@cache
def static(name: str) -> str:
    """Return the address of a static file, from the root of our pages.

    It changes with the file, so browsers may keep what they have.
    """
    return f"static/{name}?{sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__, "pages"),
        autoescape=True,
        # A running service goes on with the templates that it began with, as with its code.
        auto_reload=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = static
    return made
