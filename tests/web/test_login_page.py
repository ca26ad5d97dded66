"""The page on which people log in, with the looks of the others."""

from __future__ import annotations

import pytest

from ivr_fsm.web.inspector.look import Look
from ivr_fsm.web.inspector.sign_in import page
from ivr_fsm.web.inspector.words import words_of

STRANGER = Look(numbers=False, listen=False)


@pytest.mark.parametrize(
    ("language", "fault", "said"),
    [
        ("ru", "", "Вход в инспектор звонков"),
        ("en", "", "Log in to the call inspector"),
        ("ru", "wrong", "Такого токена нет."),
        ("en", "wait", "Too many wrong tokens: wait a minute."),
    ],
)
def test_it_says_what_is_wanted_and_what_was_wrong(language: str, fault: str, said: str) -> None:
    text = page(Look(language=language, numbers=False), "/calls/7", fault)
    assert f'<html lang="{language}"' in text
    assert said in text
    assert ('role="alert"' in text) is bool(fault)
    assert '<form class="sign-in" method="post" action="login">' in text
    assert 'name="next" value="/calls/7"' in text


def test_it_escapes_where_to_go() -> None:
    text = page(STRANGER, '/"><script>', "")
    assert "/&#34;&gt;&lt;script&gt;" in text


def test_it_does_not_talk_of_numbers_that_are_hidden() -> None:
    assert words_of("ru").text("page.masked") not in page(STRANGER, "/", "")
