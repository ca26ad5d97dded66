import json
import os
import select
import shlex
import shutil
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ivr_fsm.speech import audio, engines
from ivr_fsm.speech.engines import EngineError, choose_engine, command, espeak_ng, rhvoice


@pytest.mark.usefixtures("default_engine")
@pytest.mark.parametrize(
    ("language", "text"), [("ru", "Заказ: один, ноль, пять."), ("en", "Order: one, zero.")]
)
async def test_the_ordinary_engine_speaks(tmp_path, language, text):
    target = tmp_path / "said.wav"
    await espeak_ng(language).synthesize(text, target, rate=1.0)
    assert audio.fault(target) is None
    assert 1.0 < audio.seconds(target) < 5.0


@pytest.mark.usefixtures("default_engine")
def test_a_lower_rate_speaks_more_slowly(tmp_path):
    engine = espeak_ng("ru")
    engine.render("Ваш заказ: один, два, три.", tmp_path / "normal.wav", 1.0)
    engine.render("Ваш заказ: один, два, три.", tmp_path / "slow.wav", 0.7)
    assert audio.seconds(tmp_path / "slow.wav") > 1.15 * audio.seconds(tmp_path / "normal.wav")


@pytest.mark.usefixtures("default_engine")
def test_a_voice_that_does_not_exist_is_told(tmp_path):
    with pytest.raises(EngineError, match="no voice xx"):
        espeak_ng("ru", "xx").render("да", tmp_path / "said.wav", 1.0)


@pytest.mark.skipif(not shutil.which("RHVoice-test"), reason="RHVoice is optional and not installed")
def test_rhvoice_speaks(tmp_path):
    rhvoice("ru").render("Заказ: один, ноль, пять.", tmp_path / "said.wav", 1.0)
    assert 1.0 < audio.seconds(tmp_path / "said.wav") < 5.0


def copier(sounds):
    """A command that writes a tone to {file} and keeps its arguments and its input beside it."""
    voice = sounds.write("voice.wav", sounds.tone(500, 0.3, 16000), 16000)
    code = (
        "import json, shutil, sys; "
        f"json.dump(sys.argv[1:] + [sys.stdin.read()], open({str(sounds.folder / 'seen.json')!r}, 'w')); "
        f"shutil.copy({str(voice)!r}, sys.argv[1])"
    )
    return f"{sys.executable} -c {shlex.quote(code)} {{file}}"


def seen(sounds):
    return json.loads((sounds.folder / "seen.json").read_text())


def test_a_command_reads_the_text_from_its_input(sounds, tmp_path):
    command(copier(sounds) + " --rate={rate}").render("Привет, Анна", tmp_path / "out.wav", 0.8)
    _, rate, text = seen(sounds)
    assert (rate, text) == ("--rate=0.8", "Привет, Анна\n")
    assert audio.fault(tmp_path / "out.wav") is None


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=200).filter(lambda text: text.replace("\0", " ").strip("- \t\r\n")))
def test_no_text_can_become_an_option_or_reach_a_shell(sounds, tmp_path, text):
    hostile = f"$(touch {tmp_path}/owned) `id` ; {{file}} {text}"
    command(copier(sounds) + " {text}").render(f"--output=x {hostile}", tmp_path / "out.wav", 1.0)
    _, argument, piped = seen(sounds)
    assert not argument.startswith("-")
    assert argument.startswith("output=x $(touch ")
    assert "{file}" in argument
    assert piped == ""
    assert not (tmp_path / "owned").exists()


def test_a_command_that_hangs_is_killed_with_its_children(program, tmp_path):
    script = program(f"sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(EngineError, match="did not finish within 1 s"):
        command(f"{script} {{file}}", killed_after=1).render("да", tmp_path / "out.wav", 1.0)
    try:
        child = os.pidfd_open(int((tmp_path / "child").read_text()))
    except ProcessLookupError:
        return
    try:
        # A pidfd is readable once its process has ended; the time-out is for the failing case alone.
        assert select.select([child], [], [], 30)[0], "the child outlived its parent"
    finally:
        os.close(child)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("echo 'no such model' >&2; exit 3", "ended with 3: no such model"),
        ("exit 1", "ended with 1: no message"),
        ("exit 0", "made no usable sound"),
        ("echo rubbish > $1", "made no usable sound"),
    ],
)
def test_a_command_that_fails_says_why(program, tmp_path, body, reason):
    with pytest.raises(EngineError, match=reason):
        command(f"{program(body)} {{file}}").render("да", tmp_path / "out.wav", 1.0)
    assert not (tmp_path / "out.wav").exists()


def test_a_program_that_is_not_there_is_told_with_the_remedy(tmp_path):
    with pytest.raises(EngineError, match=r"cannot run /no/such.*install RHVoice"):
        command("/no/such {file}").render("да", tmp_path / "out.wav", 1.0)


@pytest.mark.parametrize("template", ["", "piper", "piper --text {text}", "piper 'unclosed {file}"])
def test_a_useless_template_is_refused(template):
    with pytest.raises(EngineError, match="speech command"):
        choose_engine("command", template=template)


def test_none_is_none():
    assert choose_engine("none") is None


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(engines.shutil, "which", lambda _name: None)
    monkeypatch.setattr(engines.espeak, "library", lambda: None)


@pytest.mark.usefixtures("nothing_installed")
def test_auto_without_an_engine_starts_all_the_same():
    assert choose_engine("auto") is None


@pytest.mark.usefixtures("nothing_installed")
@pytest.mark.parametrize("kind", ["rhvoice", "espeak-ng"])
def test_a_named_engine_that_is_absent_is_told_with_the_remedy(kind):
    with pytest.raises(EngineError, match=f"{kind} is not installed: install RHVoice"):
        choose_engine(kind)


@pytest.mark.parametrize(("speaks", "chosen"), [(True, "rhvoice:elena"), (False, "espeak-ng:ru+f3")])
def test_auto_prefers_an_rhvoice_that_speaks(sounds, program, monkeypatch, speaks, chosen):
    voice = sounds.write("voice.wav", sounds.tone(500, 0.3))
    script = program(f'while [ "$1" != -o ]; do shift; done; cp {voice} "$2"' if speaks else "exit 255")
    script.rename(sounds.folder / "RHVoice-test")
    monkeypatch.setenv("PATH", str(sounds.folder), prepend=os.pathsep)
    monkeypatch.setattr(engines.espeak, "library", lambda: ("libespeak-ng.so", None))
    engine = choose_engine("auto", "ru")
    assert engine is not None
    assert engine.name == chosen
