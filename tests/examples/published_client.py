import asyncio
from architect_py.client import Client, Dir  # pip install --no-deps architect-py==0.1.0

async def main():
    client = Client("ws://127.0.0.1:6001")
    await client.connect()
    await client.send_limit_order("BTC Crypto/USD*COINBASE/DIRECT", Dir.Buy, "10000", "1")  # never returns

asyncio.run(main())
