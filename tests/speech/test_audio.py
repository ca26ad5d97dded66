import math
import struct

import pytest

from ivr_fsm.speech import audio


@pytest.mark.parametrize("rate", [8000, 11025, 16000, 22050, 24000, 44100, 48000])
def test_any_rate_becomes_a_prompt_of_the_same_length(sounds, tmp_path, rate):
    source = sounds.write("in.wav", sounds.tone(1000, 0.5, rate), rate)
    audio.telephone(source, tmp_path / "out.wav")
    assert audio.fault(tmp_path / "out.wav") is None
    assert audio.seconds(tmp_path / "out.wav") == pytest.approx(audio.LEAD + 0.5 + audio.TAIL, abs=0.021)


@pytest.mark.parametrize("rate", [22050, 24000])
def test_resampling_keeps_the_telephone_band_and_folds_nothing_into_it(sounds, rate):
    kept = audio._resample(sounds.tone(3000, 0.5, rate), rate)
    assert sounds.strength(kept[800:3200], 3000) == pytest.approx(0.5, rel=0.02)
    folded = audio._resample(sounds.tone(6000, 0.5, rate), rate)
    assert max(map(abs, folded[200:-200])) < 0.5 * 10 ** (-45 / 20)


def test_silence_is_trimmed_to_the_lead_and_the_tail(sounds, tmp_path):
    source = sounds.write("in.wav", [0.0] * 16000 + sounds.tone(500, 1) + [0.0] * 16000)
    audio.telephone(source, tmp_path / "out.wav")
    samples = sounds.read(tmp_path / "out.wav")
    assert samples[: int(audio.LEAD * 8000)] == [0.0] * 800
    assert any(samples[800:880])
    assert audio.seconds(tmp_path / "out.wav") == pytest.approx(1.25, abs=0.021)


@pytest.mark.parametrize("volume", [0.01, 0.9])
def test_quiet_and_loud_speech_end_at_one_level(sounds, tmp_path, volume):
    source = sounds.write("in.wav", sounds.tone(500, 1, volume=volume))
    audio.telephone(source, tmp_path / "out.wav")
    level, peak = audio.loudness(tmp_path / "out.wav")
    assert level == pytest.approx(audio.SPEECH_LEVEL, abs=0.2)
    assert peak < audio.PEAK_CEILING


def test_a_sharp_peak_lowers_the_level_instead_of_clipping(sounds, tmp_path):
    samples = sounds.tone(500, 1, volume=0.02)
    samples[4000] = 0.9
    audio.telephone(sounds.write("in.wav", samples), tmp_path / "out.wav")
    level, peak = audio.loudness(tmp_path / "out.wav")
    assert peak == pytest.approx(audio.PEAK_CEILING, abs=0.1)
    assert level < audio.SPEECH_LEVEL


def test_channels_are_mixed_down(sounds):
    left = sounds.tone(500, 0.1)
    path = sounds.write("in.wav", [sample for one in left for sample in (one, 0.0)], channels=2)
    samples, _ = audio._read(path)
    assert samples == pytest.approx([one / 2 for one in left], abs=1e-4)


@pytest.mark.parametrize(
    ("width", "packed"),
    [
        (1, bytes([128, 192, 64])),
        (2, struct.pack("<3h", 0, 16384, -16384)),
        (3, b"\0\0\0" + b"\0\0\x40" + b"\0\0\xc0"),
        (4, struct.pack("<3i", 0, 1 << 30, -(1 << 30))),
    ],
)
def test_every_sample_width_is_read(sounds, width, packed):
    samples, _ = audio._read(sounds.write_raw("in.wav", packed, width))
    assert samples == pytest.approx([0.0, 0.5, -0.5])


def test_silence_alone_is_refused(sounds, tmp_path):
    with pytest.raises(audio.AudioError, match="only silence"):
        audio.telephone(sounds.write("in.wav", [0.0] * 8000), tmp_path / "out.wav")


def test_a_rate_below_the_telephone_is_refused(sounds, tmp_path):
    with pytest.raises(audio.AudioError, match="6000 Hz"):
        audio.telephone(sounds.write("in.wav", sounds.tone(500, 1), 6000), tmp_path / "out.wav")


def test_each_fault_is_told_with_its_remedy(sounds, tmp_path):
    whole = sounds.write("whole.wav", sounds.tone(500, 0.1))
    cut = tmp_path / "cut.wav"
    cut.write_bytes(whole.read_bytes()[:-100])
    rubbish = tmp_path / "rubbish.wav"
    rubbish.write_bytes(b"MP3 and the like" * 10)
    assert audio.fault(whole) is None
    assert audio.fault(tmp_path / "none.wav") == "the file is missing"
    assert "sox" in (audio.fault(rubbish) or "")
    assert "shorter than its header says" in (audio.fault(cut) or "")
    assert "16000 Hz" in (audio.fault(sounds.write("fast.wav", [0.1] * 99, 16000)) or "")
    assert "2 channel" in (audio.fault(sounds.write("stereo.wav", [0.1] * 98, channels=2)) or "")
    assert "no sound" in (audio.fault(sounds.write("empty.wav", [])) or "")


def test_loudness_of_silence_is_no_error(sounds):
    assert audio.loudness(sounds.write("silent.wav", [0.0] * 800)) == (-math.inf, -math.inf)
