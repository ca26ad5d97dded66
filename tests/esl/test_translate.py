"""FreeSWITCH's words into events, one by one; the whole traces are in test_traces.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pytest

from ivr_fsm.esl.translate import ANNOUNCEMENT, Translator, arrived, returned
from ivr_fsm.flow import events

CALLER = "6ac2c4c3-134a-458b-9ba3-9d63b7ea8004"
LEG = "f4b2a5c6-c2af-40a6-a123-abf339408ac3"
OTHER = "3ab2d30b-d40d-4796-98d1-8eb304595e3b"


@dataclass
class Heard:
    headers: Mapping[str, str]
    body: str = ""

    @property
    def name(self) -> str:
        return self.headers.get("Event-Name", "")

    def get(self, header: str) -> str | None:
        return self.headers.get(header)


def heard(name: str, channel: str = CALLER, body: str = "", **headers: str) -> Heard:
    spelled = {key.replace("_", "-"): value for key, value in headers.items()}
    return Heard({"Event-Name": name, "Unique-ID": channel, **spelled}, body)


@pytest.fixture
def translator() -> Translator:
    translator = Translator(CALLER)
    translator.expect(LEG)
    return translator


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (heard("DTMF", DTMF_Digit="#"), events.DigitPressed("#")),
        (heard("DTMF", DTMF_Digit="x"), None),
        (heard("DTMF", DTMF_Digit="11"), None),
        (heard("DTMF"), None),
        (heard("DTMF", LEG, DTMF_Digit="1"), events.LegDigitPressed(LEG, "1")),
        (heard("DTMF", OTHER, DTMF_Digit="1"), None),
        (heard("CHANNEL_PROGRESS", LEG), events.LegRinging(LEG)),
        (heard("CHANNEL_PROGRESS_MEDIA", LEG), events.LegRinging(LEG)),
        (heard("CHANNEL_ANSWER", LEG), None),
        (heard("CHANNEL_PARK", LEG), events.LegAnswered(LEG)),
        (heard("CHANNEL_PARK"), None),
        (heard("CHANNEL_BRIDGE", Other_Leg_Unique_ID=LEG), events.Bridged(LEG)),
        (heard("CHANNEL_BRIDGE", Other_Leg_Unique_ID=OTHER), None),
        (heard("CHANNEL_HANGUP", Hangup_Cause="NORMAL_CLEARING"), events.CallerHungUp("NORMAL_CLEARING")),
        (heard("CHANNEL_HANGUP", LEG, Hangup_Cause="USER_BUSY"), events.LegEnded(LEG, "USER_BUSY")),
        (
            heard("CHANNEL_HANGUP", LEG, Hangup_Cause="X", variable_transfer_disposition="recv_replace"),
            events.LegEnded(LEG, "X"),
        ),
        (heard("NOBODY_KNOWS_THIS"), None),
        (Heard({}), None),
    ],
)
def test_each_word(translator: Translator, given: Heard, wanted: events.Event | None) -> None:
    assert translator.translate(given) == wanted


def test_a_leg_that_left_by_transfer() -> None:
    translator = Translator(CALLER)
    translator.expect(LEG)
    given = Heard(
        {
            "Event-Name": "CHANNEL_HANGUP",
            "Unique-ID": LEG,
            "Hangup-Cause": "NORMAL_CLEARING",
            "variable_transfer_disposition": "recv_replace",
        }
    )
    assert translator.translate(given) == events.LegEnded(LEG, "NORMAL_CLEARING", transferred=True)


@pytest.mark.parametrize(
    ("response", "result"),
    [("FILE PLAYED", "played"), ("FILE NOT FOUND", "missing"), ("PLAYBACK ERROR", "broken"), ("", "played")],
)
def test_a_prompt_ends_under_its_token(translator: Translator, response: str, result: str) -> None:
    given = heard(
        "CHANNEL_EXECUTE_COMPLETE",
        Application="playback",
        Application_UUID="FW1-1",
        Application_Response=response,
    )
    assert translator.translate(given) == events.PromptFinished("FW1-1", result)  # type: ignore[arg-type]


@pytest.mark.parametrize(("response", "whole"), [("FILE PLAYED", True), ("FILE NOT FOUND", False)])
def test_an_announcement_ends(translator: Translator, response: str, whole: bool) -> None:
    given = heard(
        "CHANNEL_EXECUTE_COMPLETE", LEG, Application_UUID=ANNOUNCEMENT, Application_Response=response
    )
    assert translator.translate(given) == events.AnnouncementFinished(LEG, whole)


def test_a_leg_that_fails_is_told_once(translator: Translator) -> None:
    hangup = heard("CHANNEL_HANGUP", LEG, Hangup_Cause="USER_BUSY")
    job = Heard({"Event-Name": "BACKGROUND_JOB", "Job-UUID": LEG}, "-ERR USER_BUSY\n")
    assert translator.translate(hangup) == events.LegEnded(LEG, "USER_BUSY")
    assert translator.translate(job) is None


def test_a_bad_gateway_makes_no_channel_so_the_job_tells(translator: Translator) -> None:
    job = Heard({"Event-Name": "BACKGROUND_JOB", "Job-UUID": LEG}, "-ERR INVALID_GATEWAY\n")
    assert translator.translate(job) == events.LegEnded(LEG, "INVALID_GATEWAY")


@pytest.mark.parametrize("body", [f"+OK {LEG}\n", "", "rubbish"])
def test_a_job_that_went_well_says_nothing(translator: Translator, body: str) -> None:
    assert translator.translate(Heard({"Event-Name": "BACKGROUND_JOB", "Job-UUID": LEG}, body)) is None


@pytest.mark.parametrize(
    ("number", "phone"),
    [
        ("79161234567", "+79161234567"),
        ("+79161234567", "+79161234567"),
        ("anonymous", ""),
        ("", ""),
        ("1{x}&park()", ""),
    ],
)
def test_who_arrives(number: str, phone: str) -> None:
    channel = Heard(
        {
            "Unique-ID": CALLER.upper(),
            "Caller-Caller-ID-Number": number,
            "Caller-Destination-Number": "74950000000",
        }
    )
    assert arrived(channel, "RU") == events.CallArrived(CALLER, phone, "74950000000")


@pytest.mark.parametrize("bad", ["", "../../etc/passwd", "1"])
def test_a_call_without_a_uuid_is_no_call(bad: str) -> None:
    with pytest.raises(ValueError, match="UUID"):
        arrived(Heard({"Unique-ID": bad}), "RU")


TRANSFERRED = {
    "Caller-Transfer-Source": "1795325666:405b2c5c:bl_xfer:74951110009/public/XML",
    "variable_sip_h_Referred-By": "<sip:74951110001@127.0.0.1>",
}


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (
            {**TRANSFERRED, "Caller-Destination-Number": "74951110009"},
            events.CallerReturned("+74951110009", "74951110001"),
        ),
        ({**TRANSFERRED, "Caller-Destination-Number": "102"}, events.CallerReturned("102", "74951110001")),
        ({**TRANSFERRED, "Caller-Destination-Number": "x|y"}, events.CallerReturned()),
        ({"Caller-Destination-Number": "74950000000"}, events.CallerReturned()),
        ({}, events.CallerReturned()),
    ],
)
def test_a_caller_that_comes_back(headers: Mapping[str, str], wanted: events.CallerReturned) -> None:
    assert returned(Heard(headers), "RU") == wanted
