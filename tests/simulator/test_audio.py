from __future__ import annotations

import wave
from pathlib import Path

import pytest

from ivr_fsm.simulator import audio

from .service import write_wav


def test_a_prompt_is_as_long_as_its_header_says(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", 1.5)
    assert audio.duration(path) == 1.5
    write_wav(tmp_path / "a.wav", 2.5)
    assert audio.duration(path) == 2.5


def test_silence_is_as_long_as_it_is_asked_for() -> None:
    assert audio.duration("silence_stream://1500") == 1.5
    assert audio.duration("silence_stream://long") is None


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"no sound at all, but a text that is long enough for a header"]
)
def test_what_is_no_wav_file_does_not_play(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    assert audio.duration(str(path)) is None


@pytest.mark.parametrize("path", ["/no/such/file.wav", "", "a\0b"])
def test_a_missing_file_does_not_play(path: str) -> None:
    assert audio.duration(path) is None


@pytest.mark.parametrize("channels", [1, 2])
def test_a_recording_is_a_whole_wav_file(tmp_path: Path, channels: int) -> None:
    path = tmp_path / "a.wav"
    audio.write_recording(str(path), 1.0, channels)
    assert path.stat().st_size == 44 + 8000 * 2 * channels
    with wave.open(str(path), "rb") as file:
        assert (file.getnframes(), file.getnchannels()) == (8000, channels)
        assert file.readframes(9000) == bytes(8000 * 2 * channels)


def test_a_recording_without_a_folder_is_not_written(tmp_path: Path) -> None:
    audio.write_recording(str(tmp_path / "no" / "a.wav"), 1.0, 2)
    assert list(tmp_path.iterdir()) == []
