import assert from "node:assert";
import test from "node:test";

const control = "http://127.0.0.1:6001/_exchange";
const call = async (method, path, body) => {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(control + path, { method, headers, body: JSON.stringify(body) });
  const data = await answer.json();
  if (!answer.ok) throw new Error(data.error);
  return data;
};

test("a partial fill after 250 ms", async () => {
  const rules = [{ when: { request: "SendLimitOrder" }, then: ["ack", { delay: "250ms" }, { fill: "40%" }] }];
  const name = `partial-${process.pid}`;
  const world = await call("POST", "/worlds", { name, scenario: { rules }, clock: "manual" });

  const venue = new WebSocket(world.url + "/");
  await new Promise((opened) => venue.addEventListener("open", opened));
  const order = { type: "SendLimitOrder", account: "DEFAULT", dir: "Buy", price: "100", quantity: "2",
                  target: "BTC Crypto/USD*COINBASE/DIRECT" };
  venue.send(JSON.stringify({ id: 1, ...order }));

  const came = await call("POST", `/worlds/${name}/received`, { when: { request: "SendLimitOrder" }, timeout: 5 });
  assert.equal(came.is_met, true);
  await call("POST", `/worlds/${name}/advance`, { by: "250ms" });
  const [held] = await call("GET", `/worlds/${name}/orders`);
  assert.deepEqual([held.filled_qty, held.leaves_qty], ["0.8", "1.2"]);

  venue.close();
  await call("DELETE", `/worlds/${name}`, {});
});
