"""The contract: what is read of an answer, and the document that describes it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ivr_fsm.directory import contract, openapi
from ivr_fsm.directory.port import AnsweredBy, CallRecord, DirectoryError
from ivr_fsm.flow.caller import Caller, Customer, Order, Partner, Shop, Unknown

DOCUMENT = Path(__file__).parents[2] / "docs" / "marketplace-openapi.yaml"
SHOP = Shop("arbat", "Цветы", "Москва", "https://shop.example", ("8{800}", "104"), open_now=False)
CALLERS = (
    Customer("Мария", Order("10542", SHOP, "Собирается", "Арбат, 10", "https://order.example"), "https://o"),
    Customer("", None, ""),
    Partner(SHOP),
    Unknown(),
)


def read(answer: Any) -> Caller:
    return contract.read(contract.CALLER_ANSWER, json.dumps(answer).encode()).to_flow()


def test_the_document_in_docs_is_that_of_the_models() -> None:
    assert DOCUMENT.read_text("utf-8") == openapi.text(), "stale: run make docs"


def test_the_document_can_be_followed() -> None:
    document = yaml.safe_load(openapi.text())
    refs = {line.split("'")[1] for line in openapi.text().splitlines() if "$ref:" in line}
    schemas = document["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in refs} <= schemas.keys()
    assert list(document["paths"]) == [contract.CALLER, contract.ANSWERER, contract.CALLS]
    assert schemas["EndedCall"]["properties"]["waited"]["description"]


@pytest.mark.parametrize("caller", CALLERS, ids=lambda caller: type(caller).__name__)
def test_what_a_marketplace_says_is_what_is_understood(caller: Caller) -> None:
    said = contract.caller_of(caller).model_dump_json().encode()
    assert contract.read(contract.CALLER_ANSWER, said).to_flow() == caller


def test_only_what_is_needed_must_be_there_and_more_may_be() -> None:
    assert read({"kind": "customer"}) == Customer("")
    assert read({"kind": "customer", "order": None, "vip": True}) == Customer("")
    assert read({"kind": "partner", "shop": {"id": "s", "name": "Роза"}}) == Partner(Shop("s", "Роза"))


def test_text_is_one_line_and_phones_are_as_they_came() -> None:
    said = {"kind": "partner", "shop": {"id": "s", "name": "Роза\r\n\x1b[31m ", "phones": ["8\n{}"]}}
    found = read(said)
    assert isinstance(found, Partner)
    assert found.shop.name == "Роза   [31m"
    assert found.shop.phones == ("8\n{}",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": None}, "name: must be text"),
        ({"name": "М" * 1001}, "name: must have at most 1000 characters"),
        ({"order": []}, "order: must be an object"),
        ({"order": {"shop": {"id": "s", "name": "Р"}}}, "order.id: is missing"),
        ({"order": {"id": 7, "shop": {"id": "s", "name": "Р"}}}, "order.id: must be text"),
        ({"order": {"id": "", "shop": {"id": "s", "name": "Р"}}}, "order.id: must not be empty"),
        ({"orders_link": "javascript:x"}, "orders_link: must be a link that starts with https:// or http://"),
        ({"order": {"id": "7", "shop": {"id": "s", "name": "Р", "open_now": "no"}}}, "must be true or false"),
        ({"order": {"id": "7", "shop": {"id": "s", "name": "Р", "phones": "1"}}}, "phones: must be a list"),
        ({"order": {"shop": {}}}, "order.id: is missing (and 2 more)"),
    ],
)
def test_a_mistake_is_told_with_its_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(DirectoryError) as raised:
        read({"kind": "customer", "name": "М", **change})
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        ({"orders_link": "javascript:x"}, "orders_link: must be a link"),
        (
            {"order": {"link": 7, "status": None, "address": "А" * 1001}},
            "order.status: must be text (and 2 more)",
        ),
        ({"order": {"shop": {"link": "ftp://x", "city": []}}}, "order.shop.city: must be text (and 1 more)"),
    ],
)
def test_what_is_only_shown_costs_nobody_their_shop(change: dict[str, Any], wrong: str) -> None:
    shop = {"id": "s", "name": "Роза", "phones": ["104"], **change.get("order", {}).get("shop", {})}
    order = {"id": "7", **change.get("order", {}), "shop": shop}
    body = json.dumps({"kind": "customer", "name": "М", **change, "order": order}).encode()
    found, told = contract.read_leniently(contract.CALLER_ANSWER, body)
    assert found.to_flow() == Customer("М", Order("7", Shop("s", "Роза", phones=("104",))))
    assert wrong in told


def test_what_calls_depend_on_must_be_right() -> None:
    order = {"id": "7", "link": 7, "shop": {"id": "s", "name": "Роза", "open_now": "no"}}
    with pytest.raises(DirectoryError, match="open_now"):
        contract.read_leniently(
            contract.CALLER_ANSWER, json.dumps({"kind": "customer", "order": order}).encode()
        )


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(
                st.sampled_from(["kind", "order", "shop", "id", "phones", "name", "link"]) | st.text(), x
            )
        ),
    )
)
def test_whatever_comes_is_an_answer_or_an_error_in_one_line(answer: Any) -> None:
    try:
        contract.read_leniently(contract.CALLER_ANSWER, json.dumps(answer).encode())
    except DirectoryError as error:
        assert str(error).isprintable()


@given(st.binary())
def test_bytes_are_an_answer_or_an_error(body: bytes) -> None:
    try:
        contract.read(contract.CALLER_ANSWER, body)
    except DirectoryError as error:
        assert str(error).isprintable()


RECORD = CallRecord(
    "6f1c0a8e-0000-4000-8000-000000000001",
    "+79161234567",
    "10542",
    AnsweredBy("office", "+74951110011", "Анна"),
    "answered:office",
    datetime(2024, 7, 1, 9, tzinfo=UTC),
    1.5,
    None,
    "https://ivr.example/recordings/1",
)


def test_a_record_is_what_the_contract_wants() -> None:
    for record in (RECORD, CallRecord(RECORD.call_id, "", None, None, "abandoned:menu", RECORD.started)):
        told = contract.EndedCall.of(record)
        assert contract.read(contract.ENDED_CALL, told.model_dump_json().encode()) == told


def test_the_key_is_that_of_the_call_and_its_start_and_of_nothing_else() -> None:
    moscow = RECORD.started.astimezone(timezone(timedelta(hours=3)))
    same = replace(RECORD, started=moscow, outcome="failed", recording=None, waited_seconds=None)
    assert same.key == RECORD.key
    assert replace(RECORD, started=RECORD.started + timedelta(microseconds=1)).key != RECORD.key
    assert replace(RECORD, call_id="6f1c0a8e-0000-4000-8000-000000000002").key != RECORD.key
