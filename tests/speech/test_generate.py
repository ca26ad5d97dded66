import json
import shutil

import pytest

from ivr_fsm.speech import generate
from ivr_fsm.speech.engines import EngineError, ProgramEngine


@pytest.fixture
def folder(tmp_path, sounds, monkeypatch):
    """A prompt folder whose voice is a program that copies a tone."""
    folder = tmp_path / "prompts"
    folder.mkdir()
    voice = sounds.write("voice.wav", sounds.tone(500, 0.2))
    engine = ProgramEngine("copy", lambda _text, file, _rate: ["cp", str(voice), str(file)])
    monkeypatch.setattr(generate, "choose_engine", lambda *_args, **_kwargs: engine)
    for language in generate.LANGUAGES:
        (folder / f"{language}.toml").write_text('[recordings]\nFW1 = "one"\nFW2 = "two"\n')
    return folder


def change(folder, old, new):
    path = folder / "ru.toml"
    path.write_text(path.read_text().replace(old, new))


def test_what_is_missing_is_made_once(folder):
    assert generate.stale(folder) == ["ru/FW1", "ru/FW2", "en/FW1", "en/FW2"]
    assert generate.generate(folder, "ru") == ["ru/FW1", "ru/FW2"]
    assert generate.generate(folder, "ru") == []
    assert generate.stale(folder) == ["en/FW1", "en/FW2"]


@pytest.mark.parametrize("new", ['FW1 = "eins"', '[voice]\nrate = 0.9\n[recordings]\nFW1 = "one"'])
def test_a_changed_text_or_voice_makes_its_recordings_stale(folder, new):
    generate.generate(folder, "ru")
    if new.startswith("FW1"):
        change(folder, 'FW1 = "one"', new)
        assert generate.generate(folder, "ru") == ["ru/FW1"]
    else:
        change(folder, '[recordings]\nFW1 = "one"', new)
        assert generate.generate(folder, "ru") == ["ru/FW1", "ru/FW2"]


@pytest.mark.parametrize("known", [True, False])
def test_a_studio_recording_is_never_overwritten(folder, sounds, known):
    if known:
        generate.generate(folder, "ru")
    (folder / "ru").mkdir(exist_ok=True)
    studio = sounds.write("studio.wav", sounds.tone(700, 0.3))
    shutil.copy(studio, folder / "ru" / "FW1.wav")
    change(folder, '"one"', '"quite another text"')
    assert "ru/FW1" not in generate.stale(folder)
    assert "ru/FW1" not in generate.generate(folder, "ru")
    assert (folder / "ru" / "FW1.wav").read_bytes() == studio.read_bytes()


def test_the_manifest_says_what_was_said_by_whom(folder):
    generate.generate(folder, "ru")
    made = json.loads((folder / "manifest.json").read_text())["ru/FW1"]
    assert (made["text"], made["voice"]) == ("one", "rhvoice:elena@1")


def test_the_command_makes_and_then_checks(folder, capsys):
    assert generate.main([str(folder), "--check"]) == 1
    assert "ru/FW1: run `make prompts`" in capsys.readouterr().out
    assert generate.main([str(folder)]) == 0
    assert "made  ru/FW1" in capsys.readouterr().out
    assert generate.main([str(folder), "--check"]) == 0
    assert capsys.readouterr().out == "every recording is current\n"


def test_a_voice_that_is_not_installed_is_told(folder, capsys, monkeypatch):
    def absent(*_args, **_kwargs):
        raise EngineError("the speech engine rhvoice is not installed: install it")

    monkeypatch.setattr(generate, "choose_engine", absent)
    assert generate.main([str(folder)]) == 1
    assert "not installed" in capsys.readouterr().err
    assert not (folder / "manifest.json").exists()
