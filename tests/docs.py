"""Makes the generated parts of docs/ and the README: ``python -m tests.docs``. A test tells stale ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from ivr_fsm.directory import openapi
from ivr_fsm.flow.plan import Mark, Plan
from ivr_fsm.settings import Settings
from tests.flow import docs as flow
from tests.messages import messages
from tests.shown import played, shown

DOCS = Path(__file__).parents[1] / "docs"


def settings_table() -> str:
    """Every environment variable, its default and what it says."""
    rows = ["| variable | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        rows.append(f"| `IVR_{name.upper()}` | {_value(field.default)} | {_said(field)} |")
    return "\n".join(rows)


def plan_table() -> str:
    """Every setting of the plan, its default and what it says."""
    rows = ["| setting | default | |", "|---|---|---|"]
    rows += [f"| `{place}` | {_value(value)} | {said} |" for place, value, said in _plan_rows("", Plan())]
    return "\n".join(rows)


def _plan_rows(prefix: str, part: BaseModel) -> Iterator[tuple[str, object, str]]:
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if isinstance(value, BaseModel) and not isinstance(value, Mark):
            yield from _plan_rows(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value, _said(field)


def _said(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())


def _value(value: object) -> str:
    if value is None or value is PydanticUndefined or value == () or not str(value):
        return ""
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


GENERATED: dict[tuple[str, str], Callable[[], str]] = {
    ("configuration.md", "settings"): settings_table,
    ("configuration.md", "plan"): plan_table,
    ("slack-messages.md", "messages"): messages,
    ("../README.md", "shown"): shown,
    ("../README.md", "played"): played,
}


def renewed(page: str) -> str:
    """Return docs/*page* with its generated parts made anew."""
    text = (DOCS / page).read_text("utf-8")
    for (where, part), make in GENERATED.items():
        if where == page:
            begin, end = f"<!-- {part} -->", f"<!-- end of {part} -->"
            head, rest = text.split(begin)
            text = f"{head}{begin}\n{make()}\n{end}{rest.split(end)[1]}"
    return text


def main() -> None:
    """Renew every page."""
    flow.main()
    for page in dict.fromkeys(page for page, _ in GENERATED):
        (DOCS / page).write_text(renewed(page), "utf-8")
    (DOCS / "marketplace-openapi.yaml").write_text(openapi.text(), "utf-8")


if __name__ == "__main__":
    main()
