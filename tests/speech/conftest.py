"""Sounds, programs and the shipped prompt folder, shared by the speech tests."""

import math
import stat
import wave
from array import array
from collections.abc import Callable
from pathlib import Path

import pytest

from ivr_fsm.speech import espeak


class Sounds:
    """Makes and reads small WAV files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tone(self, hertz: float, seconds: float, rate: int = 8000, volume: float = 0.5) -> list[float]:
        return [volume * math.sin(2 * math.pi * hertz * at / rate) for at in range(round(seconds * rate))]

    def write(self, name: str, samples: list[float], rate: int = 8000, channels: int = 1) -> Path:
        path = self.folder / name
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(channels)
            sound.setsampwidth(2)
            sound.setframerate(rate)
            sound.writeframes(array("h", [round(sample * 32767) for sample in samples]).tobytes())
        return path

    def write_raw(self, name: str, data: bytes, width: int, rate: int = 8000) -> Path:
        path = self.folder / name
        with wave.open(str(path), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(width)
            sound.setframerate(rate)
            sound.writeframes(data)
        return path

    def read(self, path: Path) -> list[float]:
        with wave.open(str(path), "rb") as sound:
            return [value / 32768 for value in array("h", sound.readframes(sound.getnframes()))]

    def strength(self, samples: list[float], hertz: float, rate: int = 8000) -> float:
        """Amplitude of one frequency (a single Fourier coefficient)."""
        angles = [2 * math.pi * hertz * at / rate for at in range(len(samples))]
        real = sum(sample * math.cos(angle) for sample, angle in zip(samples, angles, strict=True))
        imaginary = sum(sample * math.sin(angle) for sample, angle in zip(samples, angles, strict=True))
        return 2 * math.hypot(real, imaginary) / len(samples)


@pytest.fixture
def sounds(tmp_path: Path) -> Sounds:
    return Sounds(tmp_path)


@pytest.fixture
def shipped() -> Path:
    """The prompt folder of the repository."""
    return Path(__file__).parents[2] / "prompts"


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], Path]:
    """Make an executable shell script from its body."""

    def make(body: str) -> Path:
        path = tmp_path / "program.sh"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


@pytest.fixture
def default_engine() -> None:
    """Skip, loudly, where the engine of the ordinary set-up is absent."""
    if espeak.library() is None:
        pytest.skip("eSpeak NG IS NOT INSTALLED: run the project's ordinary set-up (pip install -e '.[dev]')")
