// A client in Node for `certify --lines` (Node 22, or 20 with --experimental-websocket).
import { createInterface } from "node:readline";

let venue, last = 0;
const replies = new Map(), ids = new Map();
const ask = async (type, fields) => {
  const reply = new Promise((answered) => replies.set(++last, answered));
  venue.send(JSON.stringify({ id: last, type, ...fields }));
  const { Ok, Err } = await reply;
  if (Err) throw Err;
  return Ok;
};
const details = () => ask("GetOrderDetails", { order_ids: [...ids.values()] });

const acts = {
  start: ({ url }) => new Promise((opened) => {
    venue = Object.assign(new WebSocket(url + "/"), { onopen: opened });
    venue.onmessage = ({ data }) => { const { id, response } = JSON.parse(data); replies.get(id)?.(response); };
  }),
  submit: async ({ tag, side: dir, product: target, price, quantity }) =>
    ids.set(tag, await ask("SendLimitOrder", { account: "DEFAULT", dir, price, quantity, target })),
  cancel: ({ tag }) => ask("CancelOrder", { order_id: ids.get(tag) }),
  flatten: async () => {
    for (const order_id of await ask("ListOpen", { scope: "All", set: "All" })) await ask("CancelOrder", { order_id });
    const orders = await details(), product = orders[0].tradable_product;
    const held = orders.reduce((sum, { dir, filled_qty }) => sum + (dir === "Buy" ? +filled_qty : -filled_qty), 0);
    const { buy, sell } = await ask("SubscribeBook", { tradable_product: product, width: 1 });
    const [side, levels] = held > 0 ? ["Sell", buy] : ["Buy", sell], quantity = Math.abs(held).toFixed(9);
    if (held) await acts.submit({ tag: "flat", side, price: levels.at(-1).price, quantity, product });
  },
  belief: async () => {
    const filled = new Map((await details()).map((order) => [order.order_id, order.filled_qty]));
    return { orders: Object.fromEntries([...ids].map(([tag, id]) => [tag, { filled: filled.get(id) }])) };
  },
  stop: async () => venue.close(),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, do: what, ask: asked, ...fields } = JSON.parse(line), say = (answer) => console.log(JSON.stringify({ id, ...answer }));
  acts[what ?? asked](fields).then((said) => say(asked ? { belief: said } : { done: true }), (why) => say({ failed: `${why}` }));
}
