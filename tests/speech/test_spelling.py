import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.speech.spelling import LONGEST_NAME, speakable, spell_digits


@pytest.mark.parametrize(
    ("order", "language", "words"),
    [
        ("10542", "ru", "один, ноль, пять, четыре, два"),
        ("A-10542", "ru", "а, один, ноль, пять, четыре, два"),
        ("ж7", "ru", "жэ, семь"),
        ("№ 12/3", "ru", "один, два, три"),
        ("w-7", "en", "W, seven"),
        ("٣", "ru", "три"),
        ("", "ru", ""),
        ("---", "ru", ""),
        ("Ж7", "en", ""),
        ("1" * 12, "en", ", ".join(["one"] * 12)),
        ("1" * 13, "en", ""),
    ],
)
def test_an_order_id_is_spelled_sign_by_sign(order, language, words):
    assert spell_digits(order, language) == words


@pytest.mark.parametrize(
    ("name", "spoken"),
    [
        ("Мария", "Мария"),
        ("  Анна-Мария   О'Нил ", "Анна-Мария О'Нил"),
        ("<break time='9s'/>Иван", "break time 9s Иван"),
        ("$(reboot); `id` & | > x", "reboot id x"),
        ("--output=/etc/passwd", "output etc passwd"),
        ("Пётр\r\n\x00\x1b[31m", "Пётр 31m"),
        ("{name}\u202e", "name"),
        ("💐🌷", ""),
        ("", ""),
    ],
)
def test_only_what_can_be_spoken_is_left_of_a_name(name, spoken):
    assert speakable(name) == spoken


def test_a_long_name_ends_at_a_word():
    assert speakable("Константин " * 50) == "Константин Константин Константин"
    assert speakable("я" * 500) == "я" * LONGEST_NAME


def test_a_russian_name_is_written_in_latin_for_an_english_voice():
    assert speakable("Юлия Щукина", "en") == "Yuliya Shchukina"


@given(st.text(max_size=600))
def test_no_name_can_carry_an_order_to_a_voice_or_a_command_line(name):
    spoken = speakable(name)
    assert len(spoken) <= LONGEST_NAME
    assert spoken == spoken.strip("- '")
    assert not set(spoken) & set('<>&;|$`\\"(){}[]%*?!~#/=\0\r\n\t')
    assert spoken.isprintable()
    assert speakable(spoken) == spoken
