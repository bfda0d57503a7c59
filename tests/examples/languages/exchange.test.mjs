// The README's two tests of pytest for Node's own runner: node --test exchange.test.mjs (Node 22)
import assert from "node:assert";
import test from "node:test";

const control = `${process.env.EXCHANGE ?? "http://127.0.0.1:6001"}/_exchange`;
const PAIR = "BTC Crypto/USD*COINBASE/DIRECT";
const BUY = { id: 1, type: "SendLimitOrder", account: "DEFAULT", dir: "Buy", quantity: "1", target: PAIR };

async function call(method, path, body) {
  const headers = { "Content-Type": "application/json" };
  const answer = await fetch(control + path, { method, headers, body: body && JSON.stringify(body) });
  const data = await answer.json();
  assert.ok(answer.ok, data.error);
  return data;
}

// A world for one test, with a connection to it.
async function inWorld(scenario, clock, body) {
  const name = `node-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const { url } = await call("POST", "/worlds", { name, scenario, clock });
  const venue = new WebSocket(`${url}/`);
  const came = [];
  let wake = () => {};
  venue.addEventListener("message", ({ data }) => { came.push(JSON.parse(data)); wake(); });
  await new Promise((opened) => venue.addEventListener("open", opened));
  const receive = async () => {
    while (!came.length) await new Promise((resolve) => { wake = resolve; });
    return came.shift();
  };
  try {
    await body({ path: `/worlds/${name}`, send: (message) => venue.send(JSON.stringify(message)), receive });
  } finally {
    venue.close();
    await call("DELETE", `/worlds/${name}`, {});
  }
}

test("a slow partial fill", () => {
  const rules = [{ when: { dir: "Buy" }, then: [{ delay: "250ms" }, "ack", { fill: "40%" }] }];
  return inWorld({ rules }, "manual", async ({ path, send, receive }) => {
    send({ ...BUY, price: "10000" });
    assert.deepEqual(await receive(), { id: 1, response: { Ok: "1" } });
    assert.deepEqual((await call("GET", `${path}/orders`))[0].state, ["Open"]);
    await call("POST", `${path}/advance`, { by: "250ms" });
    assert.equal((await call("GET", `${path}/orders`))[0].filled_qty, "0.4");
    const when = { request: "SendLimitOrder", quantity: { ge: 1 } };
    assert.equal((await call("POST", `${path}/received`, { when })).is_met, true);
    const cancels = await call("POST", `${path}/received`, { when: { request: "CancelOrder" }, count: 0 });
    assert.deepEqual(cancels.found, []);
  });
});

test("a fill that is told twice", () => inWorld({}, "real", async ({ path, send, receive }) => {
  send({ id: 7, type: "SubscribeOrderState" });
  send({ ...BUY, price: "10" });
  await call("POST", `${path}/received`, { when: { request: "SendLimitOrder" }, timeout: 5 });
  await call("POST", `${path}/do`, { steps: [{ fill: { order: "last", quantity: "rest", send: "twice" } }] });
  let [last, update] = [null, await receive()];
  while (JSON.stringify(last) !== JSON.stringify(update)) [last, update] = [update, await receive()];
  assert.deepEqual(update.response.Ok[0].state, ["Acked", "Filled", "Out"]);
  assert.deepEqual((await call("GET", `${path}/fills`)).map((fill) => fill.quantity), ["1"]);
}));
