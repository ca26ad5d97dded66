"""Which flow and which plan a call went by."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr_fsm.app import EXAMPLES
from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal import revision
from ivr_fsm.journal.revision import flow_revision, plan_revision
from ivr_fsm.planfile import load_plan


def test_a_plan_is_known_by_what_it_says_and_not_by_how() -> None:
    same = Plan.model_validate({"menu": {"silence": 10}})
    other = Plan.model_validate({"menu": {"silence": 11}})
    assert plan_revision(same) == plan_revision(Plan())
    assert plan_revision(other) != plan_revision(Plan())
    assert plan_revision(load_plan(EXAMPLES / "default.toml")) == plan_revision(
        load_plan(EXAMPLES / "default.toml")
    )


@pytest.fixture
def flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A flow of two files."""
    (tmp_path / "machine.py").write_text("states = 1", "utf-8")
    (tmp_path / "drawing.py").write_text("colours = 1", "utf-8")
    monkeypatch.setattr(revision, "files", lambda package: tmp_path)
    return tmp_path


def test_a_flow_is_known_by_its_source(flow: Path) -> None:
    digest = flow_revision.__wrapped__
    before = digest()
    assert len(before) == 12
    (flow / "drawing.py").write_text("colours = 2", "utf-8")
    (flow / "notes.txt").write_text("nothing", "utf-8")
    assert digest() == before, "that is only drawn"
    (flow / "machine.py").write_text("states = 2", "utf-8")
    changed = digest()
    assert changed != before
    (flow / "machine.py").rename(flow / "engine.py")
    assert digest() not in (before, changed)
