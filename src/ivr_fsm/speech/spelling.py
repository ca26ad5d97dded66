"""Words for things that a voice would otherwise read wrongly: order ids and names from outside."""

import unicodedata

LONGEST_NAME = 40
"""Characters of a name that are spoken; the rest is dropped at a word's end."""

LONGEST_ID = 12
"""Signs of an order id that are spelled; a longer id is not spoken at all, since half an id misleads."""

_DIGITS = {
    "ru": ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
}


def _table(signs: str, words: str) -> dict[str, str]:
    return dict(zip(signs, words.split("|"), strict=True))


_CYRILLIC = _table(
    "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ",
    "а|бэ|вэ|гэ|дэ|е|ё|жэ|зэ|и|и краткое|ка|эль|эм|эн|о|пэ|эр|эс|тэ|у|эф|ха|цэ|че|ша|ща|"
    "твёрдый знак|ы|мягкий знак|э|ю|я",
)
_LATIN = _table(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "а|бэ|цэ|дэ|е|эф|жэ|аш|и|йот|ка|эль|эм|эн|о|пэ|ку|эр|эс|тэ|у|вэ|дубль вэ|икс|игрек|зет",
)
_LATIN_FOR = _table(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "a|b|v|g|d|e|yo|zh|z|i|y|k|l|m|n|o|p|r|s|t|u|f|kh|ts|ch|sh|shch||y||e|yu|ya",
)
_TO_LATIN = str.maketrans(_LATIN_FOR | {cyr.upper(): latin.title() for cyr, latin in _LATIN_FOR.items()})
_LETTERS = {"ru": _CYRILLIC | _LATIN, "en": {letter: letter for letter in _LATIN}}


def spell_digits(order: str, language: str) -> str:
    """Say an order id sign by sign: `A-105` in "ru" is "а, один, ноль, пять".

    Separators are left out. The commas are the pauses that let a person write the digits down.

    Returns:
        The words, or "" when the id is empty, longer than `LONGEST_ID` signs, or has a letter that
        `language` cannot name: then nothing is better said than something wrong.
    """
    digits, letters = _DIGITS[language], _LETTERS[language]
    words = []
    # NFKC would turn the number sign into the letters "No".
    for sign in unicodedata.normalize("NFKC", order.replace("№", "")).upper():
        digit = unicodedata.digit(sign, None)
        if digit is not None:
            words.append(digits[digit])
        elif sign in letters:
            words.append(letters[sign])
        elif unicodedata.category(sign).startswith("L"):
            return ""
    return ", ".join(words) if len(words) <= LONGEST_ID else ""


def speakable(name: str, language: str = "ru") -> str:
    """The part of `name` that can be spoken: letters, digits, single spaces, inner hyphens and apostrophes.

    Markup, control characters, symbols and anything that a voice or a command line might take for an order
    become spaces. At most `LONGEST_NAME` characters, cut at a word's end; "" when nothing is left.
    For "en" Cyrillic becomes Latin letters (Russian voices read Latin ones, but not the other way round).
    """
    if language == "en":
        name = name.translate(_TO_LATIN)
    kept = "".join(sign if _is_spoken(sign) else " " for sign in unicodedata.normalize("NFKC", name))
    spoken = ""
    for word in (part.strip("-'’") for part in kept.split()):
        longer = f"{spoken} {word}".strip()
        if len(longer) > LONGEST_NAME:
            return spoken or word[:LONGEST_NAME]
        spoken = longer
    return spoken


def _is_spoken(sign: str) -> bool:
    return sign in "-'’" or unicodedata.category(sign)[0] in "LM" or unicodedata.category(sign) == "Nd"
