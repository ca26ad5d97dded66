"""The prompts that ship: every one is there, current, at its level, and as short as the timelines need."""

import pytest

from ivr_fsm.speech import audio
from ivr_fsm.speech.generate import LANGUAGES, stale
from ivr_fsm.speech.prompts import PromptLibrary, read_texts

CODES = [*(f"FW{number}" for number in range(1, 12)), "ANNOUNCE", "CONFIRM", "RECORDED", "SORRY"]
LONGEST = {"FW1": 12, "FW4": 4.5, "FW5": 4.5, "FW6": 3.9, "FW7": 3.9, "FW8": 4.5, "ANNOUNCE": 9}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_prompt_is_recorded_in_each_language(shipped, language):
    library = PromptLibrary(shipped, language)
    assert library.codes == CODES
    assert library.problems() == []
    assert {library.path(code).parent.name for code in CODES} == {language}


def test_no_text_has_changed_since_it_was_recorded(shipped):
    assert stale(shipped) == [], "a text has changed: run `make prompts`"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_each_recording_is_level_and_fits_its_timeline(shipped, language, code):
    library = PromptLibrary(shipped, language)
    level, peak = audio.loudness(library.path(code))
    assert level == pytest.approx(audio.SPEECH_LEVEL, abs=1.5)
    assert peak <= audio.PEAK_CEILING + 0.1
    assert 0.5 < library.seconds(code) <= LONGEST.get(code, 20)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_timelines_leave_room_for_one_prompt_after_another(shipped, language):
    seconds = PromptLibrary(shipped, language).seconds
    assert seconds("FW4") + seconds("FW8") < 9.5
    assert seconds("FW5") + seconds("FW8") < 9.5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_templates_name_the_caller_and_the_order(shipped, language):
    library = PromptLibrary(shipped, language)
    assert set(read_texts(shipped, language).templates) == {"FW8", "ANNOUNCE"}
    for template in ("FW8", "ANNOUNCE"):
        assert "Anna" in library.text(template, name="Anna", order="105427")
