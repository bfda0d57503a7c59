import random
import zlib
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.typing import Subprotocol

from simulator.gateway.session import Session
from simulator.libraries import without_proxy
from simulator.server import Server, Settings
from simulator.server.connection import Connection
from simulator.simulation import Simulation
from support.server import TEXT, RawClient, connected, dialled, frame, handshake, order, request, serving

pytestmark = pytest.mark.asyncio


def dial(server: Server, **options: Any) -> Any:
    """Connect."""
    return connect(f"{server.url}/", **without_proxy(), **options)


def has_agreed(client: ClientConnection) -> list[str]:
    """Return the extensions that a client and the server have agreed on."""
    return [extension.name for extension in client.protocol.extensions]


async def compressed(client: RawClient) -> tuple[int, bytes]:
    """Return how long the next frame is, which is a compressed text, and that text."""
    first, length = await client.reader.readexactly(2)
    assert first == 0xC1
    if length == 126:
        length = int.from_bytes(await client.reader.readexactly(2), "big")
    data = await client.reader.readexactly(length)
    return length, zlib.decompress(data + b"\x00\x00\xff\xff\x03\x00", wbits=-15)


@pytest.mark.parametrize("no_takeover", [False, True])
async def test_compressed_both_ways(no_takeover: bool) -> None:
    """With deflate what both sides say is compressed, one message after the other, long ones and short ones.

    It may be text or binary.
    """
    terms = ClientPerMessageDeflateFactory(
        server_no_context_takeover=no_takeover, client_no_context_takeover=no_takeover, client_max_window_bits=True
    )
    async with serving(deflate=True) as server, dial(server, compression=None, extensions=[terms]) as client:
        assert has_agreed(client) == ["permessage-deflate"]
        for number in range(1, 40):
            said = order(number, params={"note": "x" * number * 20})
            await client.send(said if number % 2 else said.decode())
            assert await client.recv() == f'{{"id":{number},"response":{{"Ok":"{number}"}}}}'
        await client.send(request(40, "ListOpen", scope="All", set="All"))
        assert len(await client.recv()) > 150


class Echo(Simulation):
    """Says back what it is told, of binary messages a character for each byte."""

    def receive(self, session: Session, text: str | bytes, now: int | None = None) -> None:
        """Take one message and send it back."""
        said = text if isinstance(text, str) else text.decode("latin-1")
        session.enqueue(said.encode(), self.now)


@pytest.mark.parametrize("takeover", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("bits", [(None, True), (9, 9), (9, 15), (15, 9), (15, 15)])
async def test_parameters_of_compression(bits: tuple[int | None, int | bool], takeover: tuple[bool, bool]) -> None:
    """With all parameters that a client may ask for, text and bytes of all lengths come as they were sent.

    Compressible or not, in one frame or in many, again and again.
    """
    terms = ClientPerMessageDeflateFactory(*takeover, *bits)
    rng = random.Random(1)
    server = Server(Echo(), port=0, settings=Settings(deflate=True))
    await server.start()
    async with dial(server, compression=None, extensions=[terms]) as client:
        assert has_agreed(client) == ["permessage-deflate"]
        for length in (0, 1, 16, 64, 256, 1024, 4096, 65_536, 131_072):
            for data in (rng.randbytes(length), b"message " * (length // 8)):
                await client.send(data)
                assert await client.recv() == data.decode("latin-1")
                pieces = [data[at : at + 4096] for at in range(0, len(data), 4096)]
                await client.send(pieces or [b""])
                assert await client.recv() == data.decode("latin-1")
                await client.send(data.decode("latin-1"))
                assert await client.recv() == data.decode("latin-1")
    await server.close()


async def test_bytes_that_are_compressed() -> None:
    """A long answer travels in fewer bytes, its frame marked as compressed (RFC 7692, 6)."""
    offer = "permessage-deflate; server_no_context_takeover"
    async with serving(deflate=True) as server, dialled(server) as client:
        client.write(handshake(Sec_WebSocket_Extensions=offer))
        head, _ = await client.response()
        assert f"Sec-WebSocket-Extensions: {offer}; server_max_window_bits=12" in head
        for number in range(1, 51):
            client.write(frame(TEXT, order(number)))
            await compressed(client)
        client.write(frame(TEXT, request(51, "GetOrderState", order_ids=[str(number) for number in range(1, 51)])))
        length, text = await compressed(client)
        assert text.count(b"order_id") == 50
        assert length * 5 < len(text)


async def test_client_that_compresses_nothing() -> None:
    """A client that does not offer to compress is told everything as it is."""
    async with serving(deflate=True) as server, connected(server) as client:
        assert await client.ask(1) == []
    async with serving() as server, dial(server) as library:
        assert has_agreed(library) == []


async def test_compressed_bomb_is_too_long() -> None:
    """A message that is short as it comes, and longer than is allowed when it is read, closes with 1009."""
    async with serving(deflate=True, max_message=1000) as server, dial(server) as client:
        await client.send(b" " * 1_000_000)
        with pytest.raises(ConnectionClosedError) as caught:
            await client.recv()
        assert caught.value.rcvd is not None
        assert caught.value.rcvd.code == 1009
        assert server.errors == []


async def test_news_and_pongs_between_compressed_messages() -> None:
    """What comes by itself, and pongs, stand in their order between compressed answers."""
    async with serving(deflate=True) as server, dial(server) as client:
        await client.send(request(7, "SubscribeOrderState"))
        assert await client.recv() == '{"id":7,"response":{"Ok":[]}}'
        await client.send(order(1))
        assert await client.recv() == '{"id":1,"response":{"Ok":"1"}}'
        await (await client.ping())
        assert '"order_id":"1"' in str(await client.recv())


@pytest.mark.parametrize(("offered", "agreed"), [(["v1", "v2"], "v2"), (["v2"], "v2")])
async def test_subprotocol(offered: list[str], agreed: str) -> None:
    """A server that speaks a subprotocol agrees on it with a client that offers it."""
    names = [Subprotocol(name) for name in offered]
    async with serving(subprotocols=("v2",)) as server, dial(server, subprotocols=names) as client:
        assert client.subprotocol == agreed


@pytest.mark.parametrize("offered", [None, [Subprotocol("v1")]])
async def test_subprotocol_that_is_not_offered(offered: Any) -> None:
    """A client that does not offer what the server speaks is refused, as at the venue that it stands for."""
    async with serving(subprotocols=("v2",)) as server:
        with pytest.raises(InvalidStatus) as caught:
            await dial(server, subprotocols=offered)
        assert caught.value.response.status_code == 400


async def test_what_is_inflated_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients say a thousand times as much as they send, one or two messages wait to be answered."""
    serve = Connection._serve
    waiting: list[int] = []

    def look(self: Connection) -> None:
        frames = [one for each in self.server.connections for one in each._frames]
        waiting.append(sum(len(one if isinstance(one, bytes) else one.data) for one in frames))
        serve(self)

    monkeypatch.setattr(Connection, "_serve", look)
    offer = "permessage-deflate; client_no_context_takeover; server_no_context_takeover"
    inflated = 1_000_000
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = compressor.compress(b" " * inflated) + compressor.flush(zlib.Z_SYNC_FLUSH)
    bomb = frame(TEXT, data[:-4], reserved=0b100)
    async with serving(deflate=True, turn=0.0) as server, AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(dialled(server)) for _ in range(5)]
        for client in clients:
            client.write(handshake(Sec_WebSocket_Extensions=offer))
            await client.response()
        for client in clients:
            client.write(bomb * 8)
        for client in clients * 8:
            await compressed(client)
    assert max(waiting) <= 2 * inflated
