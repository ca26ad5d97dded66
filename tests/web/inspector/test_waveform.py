"""How loud a recording is: of files whose sound is known, and of files that are broken."""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr_fsm.web.inspector.waveform import loudness

RATE = 8000


def sound(file: Path, *channels: list[int], rate: int = RATE, width: int = 2) -> Path:
    with wave.open(str(file), "wb") as opened:
        opened.setnchannels(len(channels))
        opened.setsampwidth(width)
        opened.setframerate(rate)
        frames = [sample for frame in zip(*channels, strict=True) for sample in frame]
        opened.writeframes(struct.pack(f"<{len(frames)}{'h' if width == 2 else 'b'}", *frames))
    return file


def tone(seconds: float, loud: int) -> list[int]:
    return [round(loud * math.sin(2 * math.pi * 440 * i / RATE)) for i in range(int(seconds * RATE))]


def seconds(count: int) -> list[tuple[float, float]]:
    return [(float(each), each + 1.0) for each in range(count)]


def test_each_channel_is_looked_at_by_itself(tmp_path: Path) -> None:
    quiet, half = [0] * RATE, tone(1, 16384)
    file = sound(tmp_path / "a.wav", half + quiet + tone(1, 32767), quiet + half + quiet)
    left, right = loudness(file, seconds(3))
    assert left == pytest.approx([0.5, 0, 1.0], abs=0.06)
    assert right == pytest.approx([0, 0.5, 0], abs=0.06)


def test_one_channel_and_the_loudest_there_is(tmp_path: Path) -> None:
    [only] = loudness(sound(tmp_path / "a.wav", [-32768] * RATE), seconds(1))
    assert only == (1.0,)


def test_a_click_in_a_narrow_column_is_seen(tmp_path: Path) -> None:
    samples = [0] * RATE
    samples[4000] = 30000
    [only] = loudness(sound(tmp_path / "a.wav", samples), [(0.49, 0.51), (0.51, 0.53)])
    assert only[0] > 0.9
    assert only[1] == 0


def test_what_lies_outside_is_silent(tmp_path: Path) -> None:
    file = sound(tmp_path / "a.wav", tone(1, 20000))
    [only] = loudness(file, [(-2, -1), (0, 1), (1, 2), (10_000, 10_001)])
    assert [each > 0 for each in only] == [False, True, False, False]


def test_columns_that_are_shorter_than_a_sample(tmp_path: Path) -> None:
    file = sound(tmp_path / "a.wav", [16384] * 10)
    [only] = loudness(file, [(each / 80_000, (each + 1) / 80_000) for each in range(90)])
    assert only == (0.5,) * 90


def test_nothing_is_recorded(tmp_path: Path) -> None:
    assert loudness(sound(tmp_path / "a.wav", [], []), seconds(3)) == [(0.0,) * 3, (0.0,) * 3]


def test_no_columns(tmp_path: Path) -> None:
    assert loudness(sound(tmp_path / "a.wav", tone(1, 1000)), []) == [()]


def test_a_file_that_was_cut_off_is_as_long_as_it_is(tmp_path: Path) -> None:
    file = sound(tmp_path / "a.wav", tone(2, 20000), tone(2, 20000))
    whole = file.read_bytes()
    file.write_bytes(whole[: 44 + RATE * 4 + 3])
    left, right = loudness(file, seconds(2))
    assert (left[0] > 0, left[1] > 0) == (True, False)
    assert (right[0] > 0, right[1] > 0) == (True, False)


@pytest.mark.parametrize("bytes_", [b"", b"RIFF", b"\0" * 44, b"RIFF\x04\0\0\0WAVE", b"no sound at all" * 9])
def test_what_is_no_recording(tmp_path: Path, bytes_: bytes) -> None:
    file = tmp_path / "a.wav"
    file.write_bytes(bytes_)
    with pytest.raises(ValueError, match="WAV"):
        loudness(file, seconds(1))


def test_another_kind_of_sample(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="8 bits a sample, not 16"):
        loudness(sound(tmp_path / "a.wav", [1, 2, 3], width=1), seconds(1))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        loudness(tmp_path / "a.wav", seconds(1))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=6),
    st.integers(0, 200),
    st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), max_size=3),
)
def test_whatever_is_in_it_only_two_errors_come_of_it(
    tmp_path: Path, changes: list[tuple[int, int]], length: int, columns: list[tuple[float, float]]
) -> None:
    file = sound(tmp_path / "a.wav", tone(0.01, 9000), tone(0.01, 9000))
    damaged = bytearray(file.read_bytes())
    for place, value in changes:
        damaged[place] = value
    file.write_bytes(damaged[:length])
    try:
        found = loudness(file, columns)
    except (OSError, ValueError):
        return
    assert all(0 <= each <= 1 for channel in found for each in channel)
    assert all(len(channel) == len(columns) for channel in found)
