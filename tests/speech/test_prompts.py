import shutil

import pytest

from ivr_fsm.speech.prompts import PromptError, PromptLibrary


@pytest.fixture
def folder(tmp_path, sounds):
    for language, greeting in (("ru", "Здравствуйте"), ("en", "Hello")):
        (tmp_path / language).mkdir()
        (tmp_path / f"{language}.toml").write_text(
            f'[recordings]\nFW1 = "{greeting}"\n[templates]\nHOLD = "{greeting}, {{name}}: {{order}}."\n',
            encoding="utf-8",
        )
    shutil.move(sounds.write("one.wav", sounds.tone(500, 1.5)), tmp_path / "ru" / "FW1.wav")
    return tmp_path


def test_a_recording_is_found_and_measured(folder):
    library = PromptLibrary(folder, "ru")
    assert library.path("FW1") == folder / "ru" / "FW1.wav"
    assert library.seconds("FW1") == 1.5
    assert library.problems() == []


def test_russian_stands_behind_a_language_without_the_recording(folder):
    assert PromptLibrary(folder, "en").path("FW1") == folder / "ru" / "FW1.wav"


def test_a_recording_of_the_language_itself_comes_first(folder):
    shutil.copy(folder / "ru" / "FW1.wav", folder / "en" / "FW1.wav")
    assert PromptLibrary(folder, "en").path("FW1") == folder / "en" / "FW1.wav"


def test_a_missing_and_a_wrong_recording_are_told(folder, sounds):
    library = PromptLibrary(folder, "ru")
    library.path("FW1").unlink()
    assert library.problems() == [f"prompt FW1 ({folder / 'ru' / 'FW1.wav'}): the file is missing"]
    with pytest.raises(PromptError, match="FW1"):
        library.seconds("FW1")
    shutil.move(sounds.write("fast.wav", [0.1] * 99, 44100), folder / "ru" / "FW1.wav")
    assert "44100 Hz" in library.problems()[0]


@pytest.mark.parametrize("code", ["../FW1", "fw1", "", "FW1.wav", "FW1\n", "ФВ1"])
def test_a_code_cannot_leave_the_folder(folder, code):
    with pytest.raises(PromptError, match="no prompt code"):
        PromptLibrary(folder).path(code)


def test_a_template_speaks_cleaned_facts(folder):
    library = PromptLibrary(folder, "ru")
    assert library.text("HOLD", name="<Анна>", order="A-7") == "Здравствуйте, Анна: а, семь."


@pytest.mark.parametrize(
    "facts", [{"name": "Анна"}, {"name": "💐", "order": "7"}, {"name": None, "order": "7"}]
)
def test_a_template_without_its_facts_is_refused(folder, facts):
    with pytest.raises(PromptError, match="missing or cannot be spoken"):
        PromptLibrary(folder).text("HOLD", **facts)


def test_an_unknown_template_is_refused(folder):
    with pytest.raises(PromptError, match="no template"):
        PromptLibrary(folder).text("NOPE")


def test_a_folder_without_texts_is_refused(tmp_path):
    with pytest.raises(PromptError, match=r"ru\.toml"):
        PromptLibrary(tmp_path)


def test_a_bad_code_in_the_texts_is_refused(folder):
    (folder / "ru.toml").write_text('[recordings]\n"../x" = "y"\n')
    with pytest.raises(PromptError, match="no prompt code"):
        PromptLibrary(folder)
