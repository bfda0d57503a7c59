// A client in Node for `certify --lines` (Node 22, or 20 with --experimental-websocket).
import { createInterface } from "node:readline";

let venue, last = 0, product;
const replies = new Map(), ids = new Map();

const ask = (type, fields) => new Promise((answered) => {
  replies.set(++last, answered);
  venue.send(JSON.stringify({ id: last, type, ...fields }));
});
const states = async () => (await ask("GetOrderState", { order_ids: [...ids.values()] })).Ok;
const send = (dir, price, quantity) =>
  ask("SendLimitOrder", { account: "DEFAULT", dir, price, quantity, target: product });

const acts = {
  start: ({ url }) => new Promise((opened) => {
    venue = new WebSocket(url + "/");
    venue.onopen = opened;
    venue.onmessage = ({ data }) => { const { id, response } = JSON.parse(data); replies.get(id)?.(response); };
  }),
  submit: async (order) => {
    product = order.product;
    ids.set(order.tag, (await send(order.side, order.price, order.quantity)).Ok);
  },
  cancel: ({ tag }) => ask("CancelOrder", { order_id: ids.get(tag) }),
  flatten: async () => {
    for (const order_id of (await ask("ListOpen", { scope: "All", set: "All" })).Ok) await ask("CancelOrder", { order_id });
    const details = (await ask("GetOrderDetails", { order_ids: [...ids.values()] })).Ok;
    const held = details.reduce((sum, order) => sum + (order.dir === "Buy" ? 1 : -1) * order.filled_qty, 0);
    const book = (await ask("SubscribeBook", { tradable_product: product, width: 1 })).Ok;
    if (held) await send(held > 0 ? "Sell" : "Buy", (held > 0 ? book.buy : book.sell).at(-1).price, Math.abs(held).toFixed(9));
  },
  belief: async () => {
    const told = new Map((await states()).map((state) => [state.order_id, state]));
    const outcome = ({ state }) => ["Filled", "Rejected", "Canceled"].find((flag) => state.includes(flag))?.toLowerCase() ?? "open";
    const orders = [...ids].map(([tag, id]) => [tag, { outcome: outcome(told.get(id)), filled: told.get(id).filled_qty }]);
    return { orders: Object.fromEntries(orders) };
  },
  stop: () => venue.close(),
};

const answer = async (id, { do: what, ask, ...fields }) => {
  try {
    const said = await acts[what ?? ask](fields);
    console.log(JSON.stringify(ask ? { id, belief: said } : { id, done: true }));
  } catch (error) {
    console.log(JSON.stringify({ id, failed: String(error) }));
  }
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...request } = JSON.parse(line);
  answer(id, request);  // not awaited: while one thing takes its time, the kit may ask for another
}
