"""The ears, on recordings made here: prompts through µ-law, cut off, repeated, moved, beside tones."""

from __future__ import annotations

from pathlib import Path

import pytest

np = pytest.importorskip("numpy", reason="the ears need numpy: pip install -r tests/e2e/requirements.txt")

from . import ears  # noqa: E402

FOLDER = Path(__file__).parents[2] / "prompts" / "ru"
CODES = ("FW1", "FW2", "FW3", "FW4", "FW5", "FW6", "FW7", "FW8", "FW9")


@pytest.fixture(scope="module")
def known() -> dict[str, ears.Sound]:
    return {code: ears.read(FOLDER / f"{code}.wav") for code in CODES}


def u_law(sound: ears.Sound) -> ears.Sound:
    """G.711 there and back."""
    scaled = np.clip(sound / 32768, -1, 1)
    packed = np.round(np.sign(scaled) * np.log1p(255 * np.abs(scaled)) / np.log(256) * 127) / 127
    return np.sign(packed) * (256 ** np.abs(packed) - 1) / 255 * 32768


def silence(seconds: float) -> ears.Sound:
    return np.zeros(round(seconds * ears.RATE))


def tone(hertz: int, seconds: float) -> ears.Sound:
    return 8000 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * ears.RATE)) / ears.RATE)


def first(sound: ears.Sound, seconds: float) -> ears.Sound:
    return sound[: round(seconds * ears.RATE)]


def played(*parts: ears.Sound) -> ears.Sound:
    return u_law(np.concatenate(parts))


def said(found: list[ears.Heard]) -> list[str]:
    return [str(heard) for heard in found]


@pytest.mark.parametrize("code", CODES)
def test_each_prompt_is_known_from_all_others(known: dict[str, ears.Sound], code: str) -> None:
    (heard,) = ears.prompts(played(silence(0.37), known[code], silence(0.5)), known)
    assert (heard.code, heard.whole) == (code, True)
    assert 0.37 <= heard.start < 0.6
    assert heard.start < heard.end <= 0.37 + len(known[code]) / ears.RATE + 0.02


def test_the_order_of_prompts_and_how_often_each_was_said(known: dict[str, ears.Sound]) -> None:
    sound = played(
        known["FW1"], silence(0.1), known["FW3"], known["FW6"], silence(1), known["FW8"], known["FW8"]
    )
    assert said(ears.prompts(sound, known)) == ["FW1", "FW3", "FW6", "FW8", "FW8"]


@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0, 4.0])
def test_a_prompt_that_is_cut_off_and_when(known: dict[str, ears.Sound], seconds: float) -> None:
    sound = played(silence(0.2), first(known["FW3"], seconds), silence(0.06), known["FW6"])
    cut, following = ears.prompts(sound, known)
    assert (str(cut), str(following)) == ("FW3…", "FW6")
    assert abs(cut.end - (0.2 + seconds)) < 0.05


def test_a_jitter_buffer_that_drops_and_inserts_packets(known: dict[str, ears.Sound]) -> None:
    prompt = known["FW3"]
    moved = np.concatenate((prompt[:20000], silence(0.02), prompt[20000:30000], prompt[30160:]))
    assert said(ears.prompts(played(moved), known)) == ["FW3"]


def test_what_was_not_said_is_not_heard(known: dict[str, ears.Sound]) -> None:
    noise = np.random.default_rng(1).normal(0, 2000, 8 * ears.RATE)
    without = {code: sound for code, sound in known.items() if code != "FW9"}
    assert ears.prompts(played(known["FW9"]), without) == []
    assert ears.prompts(played(noise, tone(600, 3)), known) == []
    assert ears.prompts(silence(0.01), known) == []


def test_tones_and_when_they_sound(known: dict[str, ears.Sound]) -> None:
    sound = played(silence(0.5), tone(600, 2), known["FW8"], tone(650, 1), silence(0.3))
    one, other = ears.tones(sound, (600, 650, 700))
    assert (one.hertz, one.start, one.end) == (600, 0.5, 2.5)
    assert (other.hertz, round(other.seconds, 1)) == (650, pytest.approx(1.0, abs=0.21))


def test_two_tones_at_once_are_neither(known: dict[str, ears.Sound]) -> None:
    both = tone(600, 1) + tone(650, 1)
    assert ears.tones(played(both), (600, 650)) == []


def test_silences_longer_than_a_limit(known: dict[str, ears.Sound]) -> None:
    sound = played(tone(600, 1), silence(3), tone(600, 1), silence(1))
    assert ears.silences(sound, 2.0) == [(1.0, 4.0)]


def test_another_kind_of_recording_is_refused(tmp_path: Path) -> None:
    import wave

    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"\0\0")
    with pytest.raises(ValueError, match="not 8 kHz"):
        ears.read(tmp_path / "a.wav")
