from simulator import Simulation

world = Simulation({"rules": [{"when": {"request": "SendLimitOrder"}, "then": [{"fill": "rest"}, "ack"]}]})
client = world.connect("/")
world.receive(client, '{"id": 1, "type": "SubscribeOrderState"}')
world.receive(client, '{"id": 2, "type": "SendLimitOrder", "account": "DEFAULT", "dir": "Buy", "price": "100",'
                      ' "quantity": "1", "target": "BTC Crypto/USD*COINBASE/DIRECT"}')
for session, items in world.advance(world.now + 1_000_000):
    for item in items:
        if isinstance(item, bytes):  # a message, and not the end of the connection
            print(item.decode())
