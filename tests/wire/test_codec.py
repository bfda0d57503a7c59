import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.terms import Dir
from simulator.wire import NO_ID, REQUEST_TYPES, BadRequest, amount_of, decode, decode_netidx, encode, err, ok
from simulator.wire.requests import GetHalts, NetidxRequest, SendLimitOrder

MEGABYTE = 1 << 20
REQUESTS = [
    "SearchSymbol QueryTradableProductIndex GetRouteDetails GetVenueDetails GetProductDetails",
    "GetTradableProductDetails GetCanonicalTradableProduct SendLimitOrder CancelOrder ListOpen GetOrderState",
    "SubscribeOrderState GetRejectReason GetOrderDetails ListFills GetFillDetails SetLimits",
    "SubscribeBook SubscribeTrades SubscribeCandles GetHistoricalCandles SubscribeConsolidatedBook Unsubscribe",
    "GetLimits GetGlobalLimits GetHalts Halt Resume SubscribeAlerts SubscribeRfqs SendRfqs",
    "GetAllowance SetAllowance GetOrderTransaction EstimateOrderParams GetEVMAttempts EstimateEVMRetryParams",
    "RetryEVMTransaction ListSecrets AddSecret DeleteSecret GetPathmap",
]
ORDER: dict[str, Any] = {
    "id": 1,
    "type": "SendLimitOrder",
    "account": "DEFAULT",
    "dir": "Buy",
    "price": "1",
    "quantity": "1",
    "target": "X",
}
A_LIMIT = {"set": "All", "scope": "All", "name": "MaxOrderQty", "value": "1"}
IDS = ["0", "1", "-1", "1.0", "1e3", "1E+3", "-0", "12345678901234567890", "0.1e-7", "1e1000000", "9" * 64]
LIMIT_NAMES = (
    "MaxOrderQty, MaxOpenQty, MaxOpenBuyQty, MaxOpenSellQty, MaxPosition, MaxOpenOrders, MaxOrderDollars, "
    "MaxOpenDollars, MaxPositionDollars"
)


def _short(value: object) -> str:
    return repr(value)[:40]


def refused(text: str | bytes) -> tuple[bytes, str]:
    """Return the id and the text of the answer to a message that is no request."""
    bad = decode(text)
    assert isinstance(bad, BadRequest)
    return bad.id, bad.text


def test_every_request_of_the_contract_is_known() -> None:
    """The decoder knows the seventeen requests, the later ones and those beyond a venue, and no others."""
    assert sorted(REQUEST_TYPES) == sorted(" ".join(REQUESTS).split())


@pytest.mark.parametrize("number", IDS)
@pytest.mark.parametrize("message", ['{"id": %s , "type":"GetHalts"}', '{"type":"GetHalts","id":%s}'])
def test_id_is_kept_as_it_was_sent(number: str, message: str) -> None:
    """Any JSON number is an id, and stays the text it came as."""
    assert decode(message % number) == GetHalts(msgspec.Raw(number.encode()))


@pytest.mark.parametrize("number", IDS)
def test_id_of_a_refused_request_is_kept_as_it_was_sent(number: str) -> None:
    """A request of unknown type is refused under the very id it came with."""
    assert refused('{"type":"GetHalt","id":%s}' % number) == (  # noqa: UP031 - braces are JSON's
        number.encode(),
        "unknown request type 'GetHalt'; did you mean 'GetHalts'?",
    )


@pytest.mark.parametrize("kind", ["GetHalts", "GetHalt"])
@pytest.mark.parametrize(
    ("number", "came"),
    [
        ('"1"', 'a number, got "1"'),
        ('""', 'a number, got ""'),
        ("null", "a number, got null"),
        ("true", "a number, got true"),
        ("[1]", "a number, got [1]"),
        ('{"a":1}', 'a number, got {"a":1}'),
        ("9" * 65, "a number of at most 64 characters, got 65"),
        ("1" * MEGABYTE, "a number of at most 64 characters, got 1048576"),
    ],
    ids=_short,
)
def test_unusable_id(kind: str, number: str, came: str) -> None:
    """An id that is no number, or a huge one, is answered under no id, with what came."""
    assert refused(f'{{"id":{number},"type":"{kind}"}}') == (NO_ID, f"`$.id`: expected {came}")


def test_missing_id() -> None:
    """A request without an id is answered under none."""
    assert refused('{"type":"GetHalts"}') == (NO_ID, "`$.id` is missing: expected a number")


@pytest.mark.parametrize(
    "number", ["01", "-", "1.", ".5", "+1", "1e", "1e5.5", "--1", "0x1", "1_0", "NaN", "Infinity", "-Infinity"]
)
def test_id_that_is_no_json(number: str) -> None:
    """What JSON does not take for a number makes the whole message no JSON."""
    number_of_answer, text = refused(f'{{"id":{number},"type":"GetHalts"}}')
    assert number_of_answer == NO_ID
    assert text.startswith("not a JSON request: JSON is malformed: ")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JSON request: Input data was truncated"),
        (" \n", "not a JSON request: Input data was truncated"),
        ('{"id":1', "not a JSON request: Input data was truncated"),
        ("hello", "not a JSON request: JSON is malformed: invalid character (byte 0)"),
        ("{'id':1}", "not a JSON request: JSON is malformed: object keys must be strings (byte 1)"),
        ('{"id":1,"type":"GetHalts",}', None),
        ('{"id":1,"type":"GetHalts"}{}', "not a JSON request: JSON is malformed: trailing characters (byte 27)"),
        ('{"id":1,"type":"GetHalts"} x', "not a JSON request: JSON is malformed: trailing characters (byte 28)"),
        ('{"id":1,"type":"GetHalts","x":01}', "not a JSON request: JSON is malformed: invalid number (byte 31)"),
        ('\ufeff{"id":1,"type":"GetHalts"}', "not a JSON request: JSON is malformed: invalid character (byte 0)"),
        ("[]", "`$`: expected object, got array"),
        ('"GetHalts"', "`$`: expected object, got str"),
        ("1", "`$`: expected object, got int"),
        ("1.5", "`$`: expected object, got float"),
        ("null", "`$`: expected object, got null"),
        ("true", "`$`: expected object, got bool"),
        ('{"id":1,"type":"GetHalts","x":"\ud800"}', "not a JSON request: not valid UTF-8"),
        (b'{"id":1,"type":"GetHalts","x":"\xff"}', "not a JSON request: not valid UTF-8"),
        (b'{"id":1,"type":"GetHalts","\xff":1}', "not a JSON request: not valid UTF-8"),
        (b'{"id":1,"type":"GetHalts"}\xc3', "not a JSON request: not valid UTF-8"),
        (b'{"id":1,"type":"GetHalts","x":"\xed\xa0\x80"}', "not a JSON request: not valid UTF-8"),
        (b'\xff\xfe{\x00"\x00', "not a JSON request: not valid UTF-8"),
        (b"\x00", "not a JSON request: JSON is malformed: invalid character (byte 0)"),
        ('{"id":1,"type":"GetHalts","x":"\\ud800"}', None),
        ('{"id":1,"type":"GetHalts","x":"\\udc00\\ud800"}', None),
    ],
)
def test_no_json_object(text: str | bytes, why: str | None) -> None:
    """What is no JSON, or no object, is answered under no id, and in words."""
    number, said = refused(text)
    assert (number, said) == (NO_ID, why or said)
    assert said.startswith("`$`: expected object" if why and why[0] == "`" else "not a JSON request: ")


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ('"GetHalt"', "unknown request type 'GetHalt'; did you mean 'GetHalts'?"),
        ('"sendlimitorder"', "unknown request type 'sendlimitorder'; did you mean 'SendLimitOrder'?"),
        ('"CancelAllOrders"', "unknown request type 'CancelAllOrders'; did you mean 'CancelOrder'?"),
        ('"Request"', "unknown request type 'Request'"),
        ('"OutOfScope"', "unknown request type 'OutOfScope'"),
        ('""', "unknown request type ''"),
        ('"\\u001b[2J"', "unknown request type '\\x1b[2J'"),
        ("5", "`$.type`: expected the name of a request, got 5"),
        ("null", "`$.type`: expected the name of a request, got null"),
        ('["GetHalts"]', '`$.type`: expected the name of a request, got ["GetHalts"]'),
        ("1e1000000", "`$.type`: expected the name of a request, got 1e1000000"),
        ("1" * MEGABYTE, "`$.type`: expected the name of a request, got " + "1" * 80 + "…"),
        ('"' + "A" * MEGABYTE + '"', "unknown request type '" + "A" * 80 + "…'"),
    ],
    ids=_short,
)
def test_unknown_type(kind: str, why: str) -> None:
    """A type that is none is named, cut short if it is long, with the nearest one that there is."""
    assert refused(f'{{"id":7,"type":{kind}}}') == (b"7", why)


def test_missing_type() -> None:
    """A request without a type is told what stands there."""
    assert refused('{"id":7}') == (b"7", "`$.type` is missing: expected the name of a request")


@pytest.mark.parametrize("field", ["account", "dir", "price", "quantity", "target"])
def test_missing_field(field: str) -> None:
    """A missing field is named by its path, with all fields that the request has."""
    order = {name: value for name, value in ORDER.items() if name != field}
    assert refused(json.dumps(order)) == (
        b"1",
        f"`$.{field}` is missing: a SendLimitOrder has account, dir, price, quantity, target, quote_id, params",
    )


def test_fields_that_may_be_left_out() -> None:
    """An order may leave out its quote id and its parameters."""
    assert decode(json.dumps(ORDER)) == SendLimitOrder(
        msgspec.Raw(b"1"), "DEFAULT", Dir.BUY, msgspec.Raw(b'"1"'), msgspec.Raw(b'"1"'), "X", None, msgspec.Raw(b"null")
    )


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({**ORDER, "account": 5}, "`$.account`: expected str, got int"),
        ({**ORDER, "account": None}, "`$.account`: expected str, got null"),
        ({**ORDER, "dir": 5}, "`$.dir`: expected str, got int"),
        ({**ORDER, "dir": "up"}, "`$.dir`: expected one of Buy, Sell, got 'up'"),
        ({**ORDER, "target": ["X"]}, "`$.target`: expected str, got array"),
        ({**ORDER, "quote_id": 5}, "`$.quote_id`: expected str | null, got int"),
        ({"type": "GetOrderState", "order_ids": "1"}, "`$.order_ids`: expected array, got str"),
        ({"type": "GetOrderState", "order_ids": ["1", True]}, "`$.order_ids[1]`: expected int | str, got bool"),
        ({"type": "GetFillDetails", "fill_ids": [1]}, "`$.fill_ids[0]`: expected str, got int"),
        ({"type": "GetVenueDetails", "venue": [None]}, "`$.venue[0]`: expected str, got null"),
        ({"type": "SearchSymbol", "limit": "1", "pat": "", "scope": "All"}, "`$.limit`: expected int, got str"),
        ({"type": "SearchSymbol", "limit": 1, "pat": 1, "scope": "All"}, "`$.pat`: expected str, got int"),
        ({"type": "SearchSymbol", "limit": 1, "pat": "", "scope": ["All"]}, "`$.scope`: expected str, got array"),
        ({"type": "SetLimits", "limits": A_LIMIT}, "`$.limits`: expected array, got object"),
        ({"type": "SetLimits", "limits": [A_LIMIT, 5]}, "`$.limits[1]`: expected object, got int"),
        ({"type": "SetLimits", "limits": [{"set": "All"}]}, "`$.limits[0].scope` is missing"),
        (
            {"type": "SetLimits", "limits": [{**A_LIMIT, "name": "MaxQty"}]},
            f"`$.limits[0].name`: expected one of {LIMIT_NAMES}, got 'MaxQty'",
        ),
        (
            {"type": "GetGlobalLimits", "limits": ["MaxOrderQty", "MaxQty"]},
            f"`$.limits[1]`: expected one of {LIMIT_NAMES}, got 'MaxQty'",
        ),
        ({"type": "GetLimits", "limits": ["All"]}, "`$.limits[0]`: expected array, got str"),
        ({"type": "GetLimits", "limits": [["All"]]}, "`$.limits[0]`: expected array of length 2, got 1"),
        ({"type": "SubscribeBook", "tradable_product": 1}, "`$.tradable_product`: expected str, got int"),
    ],
)
def test_wrong_kind(request_: dict[str, Any], why: str) -> None:
    """A field of the wrong kind is named by its path, with what was expected and what came."""
    assert refused(json.dumps({**request_, "id": 1.5})) == (b"1.5", why)


BOUNDED = [
    "GetRouteDetails.route GetVenueDetails.venue GetProductDetails.product GetTradableProductDetails.tradable_product",
    "GetCanonicalTradableProduct.product GetOrderState.order_ids GetRejectReason.order_ids GetOrderDetails.order_ids",
    "GetFillDetails.fill_ids",
]


def test_length_of_a_list() -> None:
    """A list of 5,000 is read and a longer one refused, at its place, with its length."""
    for name in " ".join(BOUNDED).split():
        kind, _, field = name.partition(".")
        begin = f'{{"id":1,"type":"{kind}","{field}":["1"'
        assert not isinstance(decode(begin + ',"1"' * 4999 + "]}"), BadRequest)
        assert refused(begin + ',"1"' * 5000 + "]}") == (b"1", f"`$.{field}`: expected at most 5000, got 5001")


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        ({"type": "SetLimits", "limits": [A_LIMIT] * 5002}, "`$.limits`: expected at most 5000, got 5002"),
        ({"type": "GetLimits", "limits": [["All", "All"]] * 5001}, "`$.limits`: expected at most 5000, got 5001"),
        ({"type": "GetGlobalLimits", "limits": ["MaxPosition"] * 5001}, "`$.limits`: expected at most 5000, got 5001"),
        (
            {"type": "SubscribeConsolidatedBook", "tradable_products": []},
            "`$.tradable_products`: expected at least 1, got 0",
        ),
        (
            {"type": "SubscribeConsolidatedBook", "tradable_products": ["X"] * 65},
            "`$.tradable_products`: expected at most 64, got 65",
        ),
        ({**ORDER, "quote_id": "é" * 257}, "`$.quote_id`: expected at most 256 characters, got 257"),
    ],
    ids=_short,
)
def test_length(request_: dict[str, Any], why: str) -> None:
    """What is too long or too short is named by its path, with how long it may be and how long it is."""
    assert refused(json.dumps({**request_, "id": 7})) == (b"7", why)


@pytest.mark.parametrize("other", ["[]", '"1"', "5", '["1"]'])
def test_length_of_a_list_that_is_there_twice(other: str) -> None:
    """Of a list that is too long, but whose key comes once more with something else, no length is said."""
    text = f'{{"id":1,"type":"GetOrderState","order_ids":[{"1," * 5000}1],"order_ids":{other}}}'
    assert refused(text) == (b"1", "`$.order_ids`: expected at most 5000")


def test_fields_nobody_knows_are_ignored() -> None:
    """A field that no request has changes nothing."""
    assert decode('{"id":1,"type":"GetHalts","typo":{"a":[1,1e1000000,"\\u00e9"]}}') == GetHalts(msgspec.Raw(b"1"))


@pytest.mark.parametrize(
    ("text", "number", "why"),
    [
        ('{"id":1,"type":"GetHalts","type":"GetHalt"}', b"1", "unknown request type 'GetHalt'"),
        ('{"id":1,"type":"GetHalt","type":"GetHalts"}', b"1", "`$.type`: expected once, got twice"),
        ('{"id":1,"id":"x","type":"GetHalts"}', NO_ID, '`$.id`: expected a number, got "x"'),
        ('{"id":1,"type":"GetRouteDetails","route":[],"route":5}', b"1", "`$.route`: expected array, got int"),
    ],
)
def test_a_key_twice(text: str, number: bytes, why: str) -> None:
    """Where a key stands twice, one of its values being wrong is enough to refuse it."""
    id_, said = refused(text)
    assert (id_, said[: len(why)]) == (number, why)


@pytest.mark.parametrize("depth", [20_000, MEGABYTE])
@pytest.mark.parametrize("brackets", [("[", "]"), ('{"a":', "}"), ('{"id":1,"type":', "}")])
@pytest.mark.parametrize("closed", [True, False])
@pytest.mark.parametrize("field", ["query", "typo", "type", "id", ""])
def test_deep_nesting(depth: int, brackets: tuple[str, str], closed: bool, field: str) -> None:
    """Brackets without end are refused wherever they stand, and in a few words."""
    opening, closing = brackets
    bomb = opening * depth + (("0" if "a" in opening else "") + closing * depth if closed else "")
    text = f'{{"id":1,"type":"QueryTradableProductIndex","{field}":{bomb}}}' if field else bomb
    _, said = refused(text)
    assert len(said) < 200
    _, said = refused(text.encode())
    assert len(said) < 200


FIELDS = {
    "SearchSymbol": ("limit", "pat", "scope"),
    "QueryTradableProductIndex": ("query",),
    "GetRouteDetails": ("route",),
    "SendLimitOrder": ("account", "dir", "target", "quote_id"),
    "CancelOrder": ("order_id",),
    "ListOpen": ("scope", "set"),
    "GetOrderState": ("order_ids",),
    "SetLimits": ("limits",),
    "SubscribeBook": ("tradable_product", "width"),
    "GetHistoricalCandles": ("start", "width"),
    "SubscribeAlerts": ("path", "seek"),
    "Halt": ("halt",),
}


@pytest.mark.parametrize("number", ["1" * MEGABYTE, "-" + "9" * MEGABYTE, "1e1000000", "-1e1000000"], ids=_short)
@pytest.mark.parametrize(("kind", "field"), [(kind, field) for kind, fields in FIELDS.items() for field in fields])
def test_huge_number_in_a_field(kind: str, field: str, number: str) -> None:
    """A number beyond all bounds in any field is refused under the request's id and by the field's path."""
    fields: dict[str, Any] = {
        "price": "1",
        "quantity": "1",
        "account": "",
        "dir": "Buy",
        "target": "",
        "tradable_product": "",
    }
    fields |= {"set": "All", "scope": "All", "pat": "", "start": "", "end": "", "width": "1s"}
    if kind == "SearchSymbol":
        fields["limit"] = 1
    rest = "".join(f',"{name}":{json.dumps(value)}' for name, value in fields.items() if name != field)
    id_, said = refused(f'{{"id":1,"type":"{kind}","{field}":{number}{rest}}}')
    assert (id_, said.partition(": ")[0]) == (b"1", f"`$.{field}`")
    assert len(said) < 200


@pytest.mark.parametrize(
    ("raw", "amount"),
    [
        (b'"100.0"', 100 * 10**9),
        (b"100", 100 * 10**9),
        (b"0.000000001", 1),
        (b"999999999999999.999999999", 10**24 - 1),
        (b'"\\u0031\\u002e5"', 1_500_000_000),
        (b"-0", 0),
        (b"-1.5", -1_500_000_000),
        (b'""', None),
        (b'"\\n1"', None),
        (b'"1 "', None),
        (b'"NaN"', None),
        (b'"\xd9\xa1"', None),
        (b"1e3", 1000 * 10**9),
        (b'"1E-8"', 10),
        (b"1.5E+2", 150 * 10**9),
        (b'"\\u0031E-8"', 10),
        (b"1" + b"0" * MEGABYTE + b"E-%d" % MEGABYTE, 10**9),
        (b"1.5e-9", None),
        (b"0.0000000001", None),
        (b"1" * MEGABYTE, None),
        (b'"' + b"1" * MEGABYTE + b'"', None),
        (b"1e1000000", None),
        (b"null", None),
        (b"true", None),
        (b"[]", None),
        (b'{"a":1}', None),
    ],
    ids=_short,
)
def test_amount_of(raw: bytes, amount: int | None) -> None:
    """A decimal is read from a JSON string or a JSON number, exactly; nothing else is one."""
    assert amount_of(msgspec.Raw(raw)) == amount


def test_amount_is_never_a_float() -> None:
    """A JSON number that no float can hold is read digit by digit."""
    request = decode(json.dumps(ORDER).replace('"price": "1"', '"price": 100000000000000.000000001'))
    assert isinstance(request, SendLimitOrder)
    assert amount_of(request.price) == 100_000_000_000_000_000_000_001


def test_answers() -> None:
    """An answer is compact JSON under the id as it was sent, with what it says as text that needs no escape."""
    assert ok(b"1.0", encode(["é", None])) == '{"id":1.0,"response":{"Ok":["é",null]}}'.encode()
    assert err(NO_ID, 'a "b"\n') == b'{"id":null,"response":{"Err":"a \\"b\\"\\n"}}'


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ('{"type":"Subscribe","path":"/a"}', NetidxRequest("Subscribe", "/a")),
        ('{"type":"Unsubscribe","id":3}', NetidxRequest("Unsubscribe", msgspec.UNSET, 3)),
        ('{"type":"Else","more":[]}', NetidxRequest("Else")),
    ],
)
def test_netidx_request(text: str, request_: NetidxRequest) -> None:
    """A message of the publish/subscribe connection is read by its type, path and id."""
    assert decode_netidx(text) == request_


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a JSON request: Input data was truncated"),
        ("[]", "`$`: expected object, got array"),
        ("{}", "`$.type` is missing: expected the name of a request"),
        ('{"type":1}', "`$.type`: expected str, got int"),
        ('{"type":"Subscribe","path":1}', "`$.path`: expected str, got int"),
        (b'{"type":"\xff"}', "not a JSON request: not valid UTF-8"),
        ('{"type":"\udfff"}', "not a JSON request: not valid UTF-8"),
        ("[" * MEGABYTE, "`$`: expected object, got array"),
    ],
    ids=_short,
)
def test_netidx_nonsense(text: str | bytes, why: str) -> None:
    """What is no message of the publish/subscribe connection is refused in words."""
    assert decode_netidx(text) == BadRequest(NO_ID, why)


@given(st.text() | st.binary() | st.text('{}[]":,0123456789eE.-+ \\untrfalsidype', max_size=60))
def test_any_text_is_decoded_or_refused(text: str | bytes) -> None:
    """Whatever comes is a request or a refusal that can be encoded."""
    for decoded in (decode(text), decode_netidx(text)):
        if isinstance(decoded, BadRequest):
            assert json.loads(err(decoded.id, decoded.text))["response"] == {"Err": decoded.text}
