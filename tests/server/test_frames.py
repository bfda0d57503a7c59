import struct

import pytest

from support.server import (
    BINARY,
    CLOSE,
    CONT,
    PATIENCE,
    PING,
    PONG,
    TEXT,
    Frame,
    close_frame,
    connected,
    frame,
    journal,
    order,
    request,
    serving,
)

pytestmark = pytest.mark.asyncio

ANSWER = {"id": 1, "response": {"Ok": []}}
MAX_MESSAGE = 1 << 20


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_text_and_binary_requests(opcode: int) -> None:
    """A request is answered in text, whether it came as text or binary."""
    async with serving() as server, connected(server) as client:
        client.write(frame(opcode, request(1)))
        assert await client.json() == ANSWER


@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_fragments_with_pings_between(opcode: int) -> None:
    """A request cut into bytes, with an empty fragment and pings in between, is put together; pongs do not wait."""
    text = request(1, "GetHalts", note="käse 🧀")
    pieces = [frame(opcode, b"", fin=False)]
    for number, byte in enumerate(text):
        pieces += [frame(CONT, bytes([byte]), fin=False), frame(PING, b"%d" % number)]
    async with serving() as server, connected(server) as client:
        client.write(*pieces, frame(CONT, b""))
        frames = [await client.frame() for _ in range(len(text) + 1)]
        assert frames[:-1] == [Frame(PONG, b"%d" % number) for number in range(len(text))]
        assert frames[-1] == Frame(TEXT, b'{"id":1,"response":{"Ok":[]}}')
        assert journal(server, "in") == [(1, "in", text.decode() if opcode == TEXT else text)]


async def test_binary_is_not_checked_as_text() -> None:
    """A binary request that is no UTF-8 is answered like any text that is no request."""
    async with serving() as server, connected(server) as client:
        client.write(frame(BINARY, b'{"id":1,"type":"GetHalts","note":"\xff"}'))
        answer = await client.json()
        assert list(answer["response"]) == ["Err"]


@pytest.mark.parametrize(
    "pieces",
    [
        [frame(TEXT, b'{"id":1\xff}')],
        [frame(TEXT, b"\xc3")],
        [frame(TEXT, b'"\xc3', fin=False), frame(CONT, b"x", fin=False)],
        [frame(TEXT, b'"', fin=False), frame(CONT, b"\xf0\x9f")],
        [frame(TEXT, b"\xed\xa0\x80")],
    ],
)
async def test_text_that_is_not_utf8(pieces: list[bytes]) -> None:
    """Text that is no UTF-8 closes with 1007, at the first fragment that shows it."""
    async with serving() as server, connected(server) as client:
        client.write(frame(TEXT, request(1)), *pieces)
        assert await client.json() == ANSWER
        code, reason = await client.closing()
        assert (code, reason.split(":")[0]) == (1007, "not UTF-8")
        assert journal(server, "close") == [(1, "close", f"1007 {reason}")]


async def test_longest_message() -> None:
    """A message of just the longest length is read."""
    text = request(1).ljust(MAX_MESSAGE)
    async with serving() as server, connected(server) as client:
        client.write(frame(TEXT, text))
        assert await client.json() == ANSWER
        client.write(frame(TEXT, text[:-10], fin=False), frame(CONT, text[-10:]))
        assert await client.json() == ANSWER


@pytest.mark.parametrize(
    "data",
    [
        frame(TEXT, request(1).ljust(MAX_MESSAGE + 1)),
        frame(TEXT, request(1).ljust(MAX_MESSAGE), fin=False) + frame(CONT, b" "),
        struct.pack("!BBQ", 0x81, 0xFF, 1 << 32),
        struct.pack("!BBQ", 0x81, 0xFF, (1 << 63) - 1),
    ],
)
async def test_message_too_big(data: bytes) -> None:
    """A message of one byte too many closes with 1009, as soon as its length is known."""
    async with serving() as server, connected(server) as client:
        client.write(data)
        assert (await client.closing())[0] == 1009
        assert journal(server, "in") == []


@pytest.mark.parametrize("piece", [b"", b" "])
async def test_too_many_fragments(piece: bytes) -> None:
    """A message in too many fragments closes with 1009, even if they are empty."""
    async with serving(max_fragments=10) as server, connected(server) as client:
        client.write(frame(TEXT, request(1), fin=False), frame(CONT, piece, fin=False) * 8, frame(CONT, piece))
        assert await client.json() == ANSWER
        client.write(frame(TEXT, b"", fin=False), frame(CONT, piece, fin=False) * 10)
        assert await client.closing() == (1009, "too many fragments")


@pytest.mark.parametrize(
    "data",
    [
        frame(TEXT, b"{}", mask=None),
        frame(TEXT, b"{}", reserved=4),
        frame(TEXT, b"{}", reserved=1),
        frame(3, b"{}"),
        frame(11, b""),
        frame(CONT, b"{}"),
        frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"),
        frame(TEXT, b"{", fin=False) + close_frame(1000),
        frame(PING, b"x", fin=False),
        frame(PING, b"x" * 126),
        frame(CLOSE, b"x"),
        close_frame(1005),
        close_frame(999),
    ],
)
async def test_frame_against_the_rules(data: bytes) -> None:
    """A frame that breaks a rule closes with 1002, after what came before it is answered."""
    async with serving() as server, connected(server) as client:
        client.write(frame(TEXT, order(1)), data, frame(TEXT, order(2)))
        assert await client.json() == {"id": 1, "response": {"Ok": "1"}}
        assert (await client.closing())[0] == 1002
        assert [text for _, _, text in journal(server, "in")] == [order(1).decode()]


@pytest.mark.parametrize("payload", [b"", b"\x00\xff" * 10, b"x" * 125])
async def test_ping_is_answered(payload: bytes) -> None:
    """A ping is answered with its own payload."""
    async with serving() as server, connected(server) as client:
        client.write(frame(PING, payload))
        assert await client.frame() == Frame(PONG, payload)


@pytest.mark.parametrize(("code", "noted"), [(1000, "1000 (OK) bye"), (1001, "1001 (going away) bye"), (4321, None)])
async def test_close_is_echoed(code: int, noted: str | None) -> None:
    """A close frame is answered with its own code and reason, and the journal notes them."""
    async with serving() as server, connected(server) as client:
        client.write(close_frame(code, "bye"))
        assert await client.closing() == (code, "bye")
        assert journal(server, "close") == [(1, "close", noted or "4321 (private use) bye")]


async def test_close_without_a_code() -> None:
    """A close frame without a code is answered with one without a code."""
    async with serving() as server, connected(server) as client:
        client.write(frame(CLOSE))
        assert await client.frame() == Frame(CLOSE, b"")
        await client.end()


async def test_request_and_close_in_one_segment() -> None:
    """A request with a close frame right behind it is executed and answered; one behind the close is not read."""
    async with serving() as server, connected(server, "/architect") as client:
        assert await client.json() == "Normal"
        client.write(frame(TEXT, order(1)), close_frame(1000), frame(TEXT, order(2)))
        assert await client.json() == {"id": 1, "response": {"Ok": "1"}}
        assert await client.closing() == (1000, "")
        assert list(server.simulation.venue.open) == [1]


async def test_end_of_stream_without_close() -> None:
    """A client that ends its stream without a close frame gets what it asked for before, and then the end."""
    async with serving() as server, connected(server) as client:
        client.write(frame(TEXT, order(1)))
        client.writer.write_eof()
        assert await client.json() == {"id": 1, "response": {"Ok": "1"}}
        await client.end()
        assert journal(server, "close") == [(1, "close", "gone")]


async def test_thousand_requests_in_one_segment() -> None:
    """The answers to a thousand requests that come at once come in the order of the requests."""
    async with serving() as server, connected(server) as client:
        client.write(*(frame(TEXT, order(number)) for number in range(1, 1001)))
        answers = [await client.json() for _ in range(1000)]
        assert answers == [{"id": number, "response": {"Ok": str(number)}} for number in range(1, 1001)]


async def test_frames_in_pieces() -> None:
    """A frame may be cut anywhere on its way."""
    data = frame(TEXT, request(1).ljust(200)) + frame(PING, b"p")
    async with serving() as server, connected(server) as client:
        for byte in data:
            client.write(bytes([byte]))
            await client.writer.drain()
        assert await client.json() == ANSWER
        assert await client.frame() == Frame(PONG, b"p")


async def test_updates_follow_the_answer_that_caused_them() -> None:
    """What an order does to a subscription on the same connection comes behind the order's answer."""
    async with serving(close_timeout=PATIENCE) as server, connected(server) as client:
        client.write(frame(TEXT, request(1, "SubscribeOrderState")), frame(TEXT, order(2)))
        messages = [await client.json() for _ in range(4)]
        assert [message["id"] for message in messages] == [1, 2, 1, 1]
        assert [change["state"] for message in messages[2:] for change in message["response"]["Ok"]] == [
            ["Open"],
            ["Open", "Acked"],
        ]


@pytest.mark.parametrize("length", [0, 125, 126, 65535, 65536])
async def test_lengths_of_messages(length: int) -> None:
    """A message of any length arrives whole."""
    async with serving() as server, connected(server) as client:
        (connection,) = server.connections
        connection.send([b"x" * length, b"y"])
        assert [await client.frame(), await client.frame()] == [Frame(TEXT, b"x" * length), Frame(TEXT, b"y")]
