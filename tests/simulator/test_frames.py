from __future__ import annotations

import json
from urllib.parse import unquote

import pytest

from ivr_fsm.simulator import frames
from ivr_fsm.simulator.frames import Command, encode, parse_command, whole

from .recorded import TRACES


@pytest.mark.parametrize(
    ("value", "encoded"),
    [
        ("#", "%23"),
        ("*", "*"),
        ("FILE PLAYED", "FILE%20PLAYED"),
        ("a\nEvent-Name: DTMF", "a%0AEvent-Name%3A%20DTMF"),
        ("<sip:1@127.0.0.1>", "%3Csip%3A1@127.0.0.1%3E".replace("@", "%40")),
        ("Иван", "%D0%98%D0%B2%D0%B0%D0%BD"),
        ("", ""),
    ],
)
def test_values_are_encoded_as_the_switch_does(value: str, encoded: str) -> None:
    assert encode(value) == encoded


def test_every_value_of_the_traces_is_encoded_alike() -> None:
    seen = 0
    for path in TRACES.glob("*.jsonl"):
        for line in path.read_text().splitlines()[1:]:
            entry = json.loads(line)
            if entry["dir"] != "<" or "Event-Name" not in entry["raw"]:
                continue
            values = {text.partition(": ")[2] for text in entry["raw"].split("\n") if ": " in text}
            for value in values - {"text/event-plain", "command/reply"}:
                assert encode(unquote(value)) == value
                seen += 1
    assert seen > 10_000


def test_a_command_has_a_name_an_argument_and_headers() -> None:
    text = "sendmsg 1-2\ncall-command: execute\nExecute-App-Arg: evil2=x%0AEvent-Name: DTMF\n\n"
    assert parse_command(text) == Command(
        "sendmsg", "1-2", {"call-command": "execute", "execute-app-arg": "evil2=x\nEvent-Name: DTMF"}
    )
    assert parse_command("\nconnect\n\n") == Command("connect", "")


def test_a_job_has_a_content_length_inside_and_outside() -> None:
    frame = frames.event_frame({"Event-Name": "BACKGROUND_JOB"}, "+OK ж\n")
    inner = "Event-Name: BACKGROUND_JOB\nContent-Length: 7\n\n+OK ж\n".encode()
    assert frame == f"Content-Length: {len(inner)}\nContent-Type: text/event-plain\n\n".encode() + inner


@pytest.mark.parametrize(
    ("text", "number"), [("12", 12), (None, 7), ("", 7), ("1.5", 7), ("-1", 7), ("x", 7)]
)
def test_a_whole_number_or_the_default(text: str | None, number: int) -> None:
    assert whole(text, 7) == number
