"""Only recordings are recordings."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ivr_fsm.journal.recordings import of_call, older_than

CALL = "0f7e1a52-5b1c-4a3e-9d0e-2a7a3f6f1c11"
THEN, NOW = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)


def test_only_old_files_with_the_name_of_a_call_are_found(tmp_path: Path) -> None:
    for name in (f"{CALL}.wav", f"{CALL}.mp3", "notes.wav", f"x{CALL}.wav", CALL):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (THEN.timestamp(), THEN.timestamp()))
    (tmp_path / f"{CALL[:-1]}0.wav").symlink_to(tmp_path / "notes.wav")
    (tmp_path / f"{CALL[:-1]}2.wav").mkdir()
    (tmp_path / f"{CALL[:-1]}3.wav").touch()
    assert list(older_than(tmp_path, NOW)) == [tmp_path / f"{CALL}.wav"]
    assert list(older_than(tmp_path, THEN)) == []


def test_the_recording_of_a_call(tmp_path: Path) -> None:
    assert of_call(None, CALL) is None
    assert of_call(tmp_path, CALL) is None
    (tmp_path / f"{CALL}.wav").touch()
    assert of_call(tmp_path, CALL) == tmp_path / f"{CALL}.wav"


def test_an_id_that_is_none_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").touch()
    assert of_call(tmp_path / "inner", "../secret") is None
    (tmp_path / f"{CALL}.wav").symlink_to(tmp_path / "secret.wav")
    assert of_call(tmp_path, CALL) is None
