"""A call as a file: JSON, enough to read it and to replay it elsewhere."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from ivr_fsm.flow.plan import Plan
from ivr_fsm.journal.codec import CodecError, Json, decode_judged
from ivr_fsm.journal.entries import CallEntry, GapEntry, StepEntry
from ivr_fsm.journal.personal import number_of, phones_of, redact
from ivr_fsm.journal.reader import Reader

LARGEST = 20_000_000
"""Bytes of a file; a call of an hour has some 100 kB."""

_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"


class FileError(ValueError):
    """The file is no call that can be read; the message says where in it, and why."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A call with all that is known of it. Its key means something only in the journal that it came from.

    Attributes:
        call: the call.
        steps: its steps.
        plan: the plan that it went by, if today's version can read it.
        gaps: the gaps of its instance's journal meanwhile.
        stored: the plan as the journal has it, where today's version cannot read it.
    """

    call: CallEntry
    steps: list[StepEntry]
    plan: Plan | None
    gaps: list[GapEntry]
    stored: Json = None

    @property
    def plan_json(self) -> Json:
        """The plan as JSON, if it is known."""
        return self.plan.model_dump(mode="json") if self.plan else self.stored


def read_call(reader: Reader, call: CallEntry) -> Exported:
    """Return *call* with all that the journal has of it.

    Raises:
        JournalError: the journal cannot be read.
    """
    steps = reader.steps(call.key)
    # The clock may have been set back during the call.
    times = [call.started, *(step.at for step in steps)]
    gaps = [gap for gap in reader.gaps(min(times), max(times)) if gap.instance == call.instance]
    plan = reader.plan(call.plan)
    return Exported(call, steps, plan, gaps, None if plan else reader.stored_plan(call.plan))


def redacted(exported: Exported, region: str, now: datetime) -> Exported:
    """Return *exported* without the caller's personal data; it replays as it did.

    Args:
        exported: the call.
        region: the country whose national phone numbers are understood.
        now: aware time, noted as that of the removal.
    """
    call, plan = exported.call, exported.plan_json
    planned = tuple(phones_of(plan)) if plan else ()
    without = redact(call, exported.steps, planned, number=number_of(call.phone, region), forgotten=now)
    return replace(exported, call=without.call, steps=without.steps)


def to_text(exported: Exported) -> str:
    """Return what the file says, for programs and for people."""
    call = {name: value for name, value in asdict(exported.call).items() if name != "key"}
    content = {
        "format": "ivr-fsm call",
        "version": 1,
        "call": call,
        "steps": [asdict(step) for step in exported.steps],
        "gaps": [asdict(gap) for gap in exported.gaps],
        "plan": exported.plan_json,
    }
    return json.dumps(content, ensure_ascii=False, indent=2, default=datetime.isoformat) + "\n"


def read_file(path: Path) -> Exported:
    """Read a call that `to_text` wrote.

    Raises:
        FileError: it is no such file, or says something that no call can say; the message names the place.
        OSError: it cannot be read.
    """
    if not path.is_file():
        raise FileError("it is no file" if path.exists() else "there is no such file")
    if (size := path.stat().st_size) > LARGEST:
        raise FileError(f"is of {size} bytes, and no call has more than {LARGEST}")
    try:
        # Windows editors put a byte order mark in front.
        read = _File.model_validate_json(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except ValidationError as error:
        raise FileError(_first(error.errors(include_url=False))) from None
    call = CallEntry(key=0, **dict(read.call))
    steps = [StepEntry(**dict(step)) for step in read.steps]
    return Exported(call, steps, read.plan, [GapEntry(**dict(gap)) for gap in read.gaps])


def _first(mistakes: list[ErrorDetails]) -> str:
    """The first mistake in one printable line, and how many more there are."""
    mistake = mistakes[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part[:40]}" for part in mistake["loc"])
    said = mistake["msg"].removeprefix("Value error, ")
    more = f" (and {len(mistakes) - 1} more)" if len(mistakes) > 1 else ""
    if mistake["type"] == "json_invalid":
        line = f"is no JSON, or not all of it: {said.removeprefix('Invalid JSON: ')}"
    elif mistake["loc"] in {("format",), ("version",)}:
        line = f"is not a call that this ivr-fsm exports: {mistake['loc'][0]}: {said}"
    else:
        line = f"{place.lstrip('.') or 'the file'}: {said}{more}"
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in line)


def _body(body: dict[str, Any]) -> dict[str, Json]:
    event, commands = body.get("event"), body.get("commands", [])
    if not isinstance(event, dict) or not isinstance(event.get("is"), str):
        raise ValueError("event must be an object with its name in 'is'")
    if not isinstance(commands, list) or not all(isinstance(each, dict) for each in commands):
        raise ValueError("commands must be a list of objects")
    try:
        decode_judged(body.get("judged", []))
    except CodecError as error:
        raise ValueError(str(error)) from None
    return body


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def _within_reach(at: datetime) -> datetime:
    if not _EARLIEST <= at < _LATEST:
        raise ValueError(f"must be between the years {_EARLIEST.year} and {_LATEST.year}")
    return at


_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_At = Annotated[AwareDatetime, Field(strict=False), AfterValidator(_within_reach)]
_Count = Annotated[int, Field(ge=0, lt=2**31)]


class _Call(_Part):
    call: Annotated[str, Field(pattern=_UUID)]
    started: _At
    phone: str
    called: str
    instance: str
    flow: str
    plan: str
    kind: str
    name: str
    order_id: str
    shop: str
    state: str
    since: _At
    answered_by: str
    answered_phone: str
    answered: _At | None
    outcome: str
    ended: _At | None
    lost: _At | None
    refused: str
    forgotten: _At | None
    talk: Annotated[int, Field(ge=0, le=2**53)] = 0
    recording: str | None = None
    recording_seconds: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    back: Annotated[str, Field(pattern=rf"{_UUID}|^$")] = ""
    claimed: _At | None = None
    done: _At | None = None


class _Step(_Part):
    number: Annotated[int, Field(ge=1, lt=2**31)]
    at: _At
    mono: Annotated[float, Field(allow_inf_nan=False)]
    event: str
    before: str
    after: str
    body: Annotated[dict[str, Any], AfterValidator(_body)]


class _Gap(_Part):
    instance: str
    began: _At
    ended: _At
    why: str
    late: _Count
    lost: _Count


def _in_order(steps: list[_Step]) -> list[_Step]:
    for before, after in pairwise(steps):
        if after.number <= before.number:
            raise ValueError(f"step {after.number} comes after step {before.number}")
    return steps


class _File(_Part):
    format: Literal["ivr-fsm call"]
    version: Literal[1]
    call: _Call
    steps: Annotated[list[_Step], AfterValidator(_in_order)]
    gaps: list[_Gap]
    plan: Annotated[Plan | None, Field(strict=False)]
