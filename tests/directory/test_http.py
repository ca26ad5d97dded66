"""The marketplace over real HTTP: what it says, and all that can be wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from structlog.testing import capture_logs
from tests.directory.marketplace import (
    TOKEN,
    Fault,
    Marketplace,
    answers,
    cut,
    cut_short,
    huge,
    marketplace,
    says,
    slow,
)

from ivr_fsm.directory.breaker import FAILURES, PAUSE, OutOfReach
from ivr_fsm.directory.contract import ANSWERER, CALLER, CALLS
from ivr_fsm.directory.http import HttpDirectory
from ivr_fsm.directory.port import (
    AnsweredBy,
    Answerer,
    CallRecord,
    Directory,
    DirectoryError,
    RecordRefused,
)
from ivr_fsm.directory.replies import LARGEST
from ivr_fsm.flow.caller import Customer, Order, Partner, Shop, Unknown

pytestmark = pytest.mark.virtual

PHONE, SHOP = "+79161234567", "+74951110001"
RECORD = CallRecord(
    call_id="6f1c0a8e-0000-4000-8000-000000000001",
    caller=PHONE,
    order_id="10542",
    answered_by=AnsweredBy("office", "+74951110011", "Анна"),
    outcome="answered:office",
    started=datetime(2024, 7, 1, 9, tzinfo=UTC),
    waited_seconds=12.5,
    talked_seconds=61.5,
)


@pytest.fixture
async def market() -> AsyncIterator[Marketplace]:
    async with marketplace() as served:
        yield served


@pytest.fixture
async def http(market: Marketplace) -> AsyncIterator[HttpDirectory]:
    async with market.client() as client:
        yield client


async def test_who_calls(http: HttpDirectory) -> None:
    directory: Directory = http
    arbat = Shop(
        "arbat",
        "Цветы на Арбате",
        "Москва",
        "https://market.example/shops/arbat",
        ("74951110001", "74951110002"),
    )
    assert await directory.identify(PHONE) == Customer(
        "Мария Соколова",
        Order(
            "10542",
            arbat,
            "Собирается",
            "Москва, улица Арбат, 10, квартира 5",
            "https://market.example/orders/10542",
        ),
        "https://market.example/customers/1/orders",
    )
    olga = await directory.identify("+79161234569")
    assert olga == Customer("Ольга Морозова", None, "https://market.example/customers/3/orders")
    assert await directory.identify(SHOP) == Partner(arbat)
    assert await directory.identify("+79990000000") == Unknown()


async def test_a_closed_shop_and_a_phone_that_is_none_come_as_they_are(http: HttpDirectory) -> None:
    closed, odd = await http.identify("+79161234568"), await http.identify("+79161234570")
    assert isinstance(closed, Customer)
    assert isinstance(odd, Customer)
    assert closed.order
    assert odd.order
    assert (closed.order.shop.open_now, odd.order.shop.phones) == (False, ("8{800}",))


async def test_a_hidden_number_is_not_asked_about(market: Marketplace, http: HttpDirectory) -> None:
    assert await http.identify("") == Unknown()
    assert market.asked == {}


async def test_who_answers(market: Marketplace, http: HttpDirectory) -> None:
    assert await http.who_answers("8 495 111-00-11") == Answerer("Анна", "")
    assert await http.who_answers("74951110021") == Answerer(None, "Колл-центр, круглосуточно")
    assert await http.who_answers("74951110001") == Answerer(None, "Цветы на Арбате, Москва")
    assert await http.who_answers("104") == Answerer(None, "104")
    assert market.seen == ["+74951110011", "+74951110021", SHOP, "104"]
    assert await http.who_answers("8{800}") == Answerer(None, "8{800}")
    assert len(market.seen) == 4


async def test_a_record_is_kept_once_however_often_it_is_told(
    market: Marketplace, http: HttpDirectory
) -> None:
    await http.call_ended(RECORD)
    await http.call_ended(RECORD)
    [told] = market.stub.calls.values()
    assert told.model_dump(mode="json") == {
        "id": RECORD.key,
        "call": RECORD.call_id,
        "caller": PHONE,
        "order": "10542",
        "answered_by": {"target": "office", "phone": "+74951110011", "name": "Анна", "description": ""},
        "outcome": "answered:office",
        "back": None,
        "started": "2024-07-01T09:00:00Z",
        "waited": 12.5,
        "talked": 61.5,
        "recording": None,
    }
    assert market.keys == [RECORD.key] * 2


ORDER = {"id": "1", "shop": {"id": "s", "name": "Роза", "phones": ["104", 7]}}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (slow(30), "no answer within 1.8 s"),
        (answers(500), "answered with 500 Internal Server Error"),
        (answers(502, "<html>"), "answered with 502 Bad Gateway"),
        (answers(429), "answered with 429 Too Many Requests"),
        (answers(401), "answered with 401 Unauthorized: is IVR_MARKETPLACE_TOKEN right?"),
        (answers(404), "answered with 404 Not Found: is IVR_MARKETPLACE the right address?"),
        (answers(400), "answered with 400 Bad Request"),
        (answers(204), "answered with 204 No Content"),
        (answers(799), "answered with 799"),
        (answers(200, "<html>"), "the answer is not JSON"),
        (answers(200, ""), "the answer is not JSON"),
        (answers(200, "[" * 50_000), "the answer is not JSON"),
        (cut, "the connection was cut"),
        (cut_short, "the connection was cut"),
        (huge, f"the answer has more than {LARGEST} bytes"),
        (says([]), "must be an object"),
        (says({}), "kind: is missing"),
        (says({"kind": "friend"}), "kind: must be customer, partner or unknown"),
        (says({"kind": "partner"}), "shop: is missing"),
        (says({"kind": "customer", "name": "М", "order": ORDER}), "order.shop.phones[1]: must be text"),
    ],
    ids=lambda value: value.replace(" ", "-")[:40] if isinstance(value, str) else "",
)
async def test_what_is_wrong_is_said_in_one_line(
    market: Marketplace, http: HttpDirectory, fault: Fault, said: str
) -> None:
    market.fail(CALLER, then=fault)
    began = asyncio.get_running_loop().time()
    with pytest.raises(DirectoryError) as raised:
        await http.identify(PHONE)
    assert str(raised.value) == f"identify: {said}"
    assert asyncio.get_running_loop().time() - began < 2


async def test_a_link_that_is_none_costs_nobody_their_order(market: Marketplace, http: HttpDirectory) -> None:
    order = {"id": "10542", "link": "javascript:x", "shop": {"id": "s", "name": "Роза", "phones": ["104"]}}
    market.fail(CALLER, then=says({"kind": "customer", "name": "Мария", "order": order}))
    with capture_logs() as logs:
        caller = await http.identify(PHONE)
    assert caller == Customer("Мария", Order("10542", Shop("s", "Роза", phones=("104",))))
    [line] = logs
    assert line["problem"] == (
        "identify: order.link: must be a link that starts with https:// or http://, or empty; taken for empty"
    )


async def test_no_redirect_is_followed(market: Marketplace, http: HttpDirectory) -> None:
    async with marketplace() as elsewhere:
        target = {"Location": f"{elsewhere.address}/caller?phone=%2B79161234567"}
        for status in (301, 302, 303, 307, 308):
            market.fail(CALLER, then=answers(status, headers=target))
            with pytest.raises(DirectoryError, match=f"answered with {status} .*right address"):
                await http.identify(PHONE)
        assert elsewhere.asked == {}


async def test_nobody_listens(market: Marketplace, http: HttpDirectory) -> None:
    await market.stop()
    with pytest.raises(OutOfReach, match="identify: no connection"):
        await http.identify(PHONE)
    await market.start()


@pytest.mark.parametrize("fault", [cut, cut_short])
async def test_a_question_is_asked_once_more_when_its_connection_breaks(
    market: Marketplace, http: HttpDirectory, fault: Fault
) -> None:
    market.fail(CALLER, fault)
    assert isinstance(await http.identify(PHONE), Customer)
    assert market.asked[CALLER] == 2


async def test_a_question_is_not_asked_again_for_other_reasons(
    market: Marketplace, http: HttpDirectory
) -> None:
    market.fail(CALLER, answers(500))
    with pytest.raises(DirectoryError):
        await http.identify(PHONE)
    assert market.asked[CALLER] == 1


async def test_the_second_try_has_only_the_time_that_is_left(
    market: Marketplace, http: HttpDirectory
) -> None:
    async def late_cut(request: object) -> object:
        await asyncio.sleep(1)
        return await cut(request)  # type: ignore[arg-type]

    market.fail(CALLER, late_cut, slow(1))  # type: ignore[arg-type]
    began = asyncio.get_running_loop().time()
    with pytest.raises(DirectoryError, match="no answer within"):
        await http.identify(PHONE)
    assert asyncio.get_running_loop().time() - began == pytest.approx(1.8)


async def test_a_connection_that_was_closed_while_idle_is_no_fault(
    market: Marketplace, http: HttpDirectory
) -> None:
    await http.identify(PHONE)
    await market.stop()
    await market.start()
    assert isinstance(await http.identify(PHONE), Customer)


@pytest.mark.parametrize("status", [400, 409, 410, 413, 415, 422])
async def test_a_record_that_cannot_be_kept_is_refused_for_good(
    market: Marketplace, http: HttpDirectory, status: int
) -> None:
    market.fail(CALLS, then=answers(status))
    with pytest.raises(RecordRefused, match=f"call_ended: answered with {status}"):
        await http.call_ended(RECORD)


@pytest.mark.parametrize(
    "fault",
    [*map(answers, (401, 403, 404, 405, 408, 425, 429, 500, 503)), answers(301), cut, slow(60)],
)
async def test_a_record_that_is_not_kept_now_may_be_told_again(
    market: Marketplace, http: HttpDirectory, fault: Fault
) -> None:
    market.fail(CALLS, then=fault)
    with pytest.raises(DirectoryError) as raised:
        await http.call_ended(RECORD)
    assert not isinstance(raised.value, RecordRefused)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("", 0),
        ("soon", 0),
        ("-1", 0),
        (format_datetime(datetime(2000, 1, 1, tzinfo=UTC), usegmt=True), 0),
    ],
)
async def test_it_may_say_when_to_come_again(
    market: Marketplace, http: HttpDirectory, header: str, seconds: float
) -> None:
    market.fail(CALLS, then=answers(503, headers={"Retry-After": header}))
    with pytest.raises(DirectoryError) as raised:
        await http.call_ended(RECORD)
    assert raised.value.retry_after == seconds


async def test_a_dead_api_costs_the_next_callers_nothing(market: Marketplace, http: HttpDirectory) -> None:
    market.fail(CALLER, then=slow(60))
    clock = asyncio.get_running_loop().time
    for _ in range(FAILURES):
        with pytest.raises(OutOfReach):
            await http.identify(PHONE)
    began = clock()
    with pytest.raises(DirectoryError, match=r"not asked, because .* no answer within 1\.8 s"):
        await http.identify(PHONE)
    assert clock() == began
    assert await http.who_answers("74951110011") == Answerer("Анна", "")
    market.heal()
    await asyncio.sleep(PAUSE + 1)
    assert isinstance(await http.identify(PHONE), Customer)
    assert PHONE not in market.seen[FAILURES:-1], "a probe asks about nobody"


async def test_an_api_that_is_merely_wrong_is_asked_on(market: Marketplace, http: HttpDirectory) -> None:
    market.fail(CALLER, then=says({"kind": "friend"}))
    for _ in range(3 * FAILURES):
        with pytest.raises(DirectoryError, match="kind: must be"):
            await http.identify(PHONE)


async def test_neither_token_nor_phone_is_in_a_log_or_an_error(market: Marketplace) -> None:
    said = []
    with capture_logs() as lines:
        for fault in (answers(401), answers(500), cut, says({"kind": "partner", "shop": PHONE}), slow(9)):
            async with market.client() as http:
                market.fail(CALLER, then=fault)
                for _ in range(FAILURES + 1):
                    with pytest.raises(DirectoryError) as raised:
                        await http.identify(PHONE)
                    said.append(repr(raised.value) + repr(raised.value.__cause__))
    assert any(line["event"] == "marketplace not asked for now" for line in lines)
    assert PHONE[1:] not in str(said) + str(lines)
    assert TOKEN not in str(said) + str(lines)


async def test_a_check_tells_what_is_wrong(market: Marketplace, http: HttpDirectory) -> None:
    await http.check()
    assert market.asked == {CALLER: 1, ANSWERER: 1}
    wrong = HttpDirectory(market.address, "wrong")
    with pytest.raises(DirectoryError, match="IVR_MARKETPLACE_TOKEN"):
        await wrong.check()
    await wrong.close()


def test_a_token_on_an_open_road_is_doubtful() -> None:
    assert HttpDirectory("http://127.0.0.1:8090", TOKEN).warnings == ()
    assert HttpDirectory("https://market.example", TOKEN).warnings == ()
    [warning] = HttpDirectory("http://market.example/x", TOKEN).warnings
    assert "market.example can read the token" in warning
