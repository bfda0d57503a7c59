// The live page: asks for windows of what has happened, and shows every text as text.

const token = new URLSearchParams(location.search).get("token");
const MOST_LINES = 500;
const MOST_NEWS = 150; // of what comes faster than anybody reads, the newest is shown
const BUSY = 50;
const BUSY_PAUSE = 250;
let world = "";
let state = null;
let heard = 0;
let last = 0;
let dropped = 0;
let chosen = null;
let lines = [];
let product = "";
let busy = false;
let again = false;

const $ = (id) => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const fill = (node, children, empty) =>
  node.replaceChildren(...(children.length ? children : [el("p", { class: "empty" }, empty)]));

const withToken = (address) => address + (token ? `?token=${encodeURIComponent(token)}` : "");
const path = (call) => `/_exchange${world ? `/worlds/${encodeURIComponent(world)}` : ""}${call}`;

async function ask(method, call, body) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers["X-Exchange-Token"] = token;
  const answer = await fetch(path(call), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const data = answer.headers.get("Content-Type")?.includes("ndjson")
    ? text.split("\n").filter(Boolean).map((line) => JSON.parse(line))
    : text && JSON.parse(text);
  if (!answer.ok) throw Object.assign(new Error(data.error ?? answer.statusText), { problems: data.problems ?? [] });
  return data;
}

// Head

const clock = (time) => time.slice(11, 23);

function showState() {
  const kind = typeof state.clock === "string" ? state.clock : `${state.clock.scaled}x`;
  const name = (state.scenario ?? "plain exchange").split("/").pop();
  $("scenario").textContent = name;
  $("scenario").title = state.scenario ?? "";
  document.title = `${name} - exchange-simulator`;
  heard = performance.now();
  showTime();
  const facts = [["seed", state.seed], ["state", state.state], ["orders", `${state.open_orders} of ${state.orders}`], ["fills", state.fills]];
  $("facts").replaceChildren(...facts.map(([term, said]) => el("div", {}, el("dt", {}, `${term} `), el("dd", {}, String(said)))));
  for (const button of document.querySelectorAll("[data-clock]")) {
    const pace = button.dataset.clock;
    const on = (pace === "paused" && kind === "manual") || (pace === "1" && kind === "real") || kind === `${pace}x`;
    button.setAttribute("aria-pressed", String(on));
  }
  for (const button of document.querySelectorAll("[data-advance]")) button.disabled = kind !== "manual";
  $("errors").hidden = !state.errors.length;
  $("errors").textContent = state.errors.map((error) => `Inside the simulator: ${error}`).join("\n");
}

// Between two pieces of news a clock that runs goes on.
function showTime() {
  if (!state) return;
  const pace = state.clock === "real" ? 1 : Number(state.clock.scaled ?? 0);
  const now = nanoseconds(state.now) + BigInt(Math.round((performance.now() - heard) * pace * 1e6));
  const second = new Date(Number(now / 1000000000n) * 1000).toISOString();
  $("now").textContent = `${second.slice(0, 10)} ${second.slice(11, 19)}.${String(now % 1000000000n).padStart(9, "0")}`;
}

async function showWorlds() {
  const kept = world;
  world = "";
  const worlds = await ask("GET", "/worlds").finally(() => { world = kept; });
  const tabs = worlds.length > 1 ? worlds : [];
  $("worlds").replaceChildren(...tabs.map((one) =>
    el("button", { "aria-pressed": String(one.name === world), onclick: () => enter(one.name) }, one.name || "own")));
}

function enter(name) {
  world = name;
  lines = []; last = 0; dropped = 0; chosen = null;
  $("lines").replaceChildren();
  $("detail").hidden = true;
  listen();
}

// Traffic

const MARKS = { in: ["-->", ""], out: ["<--", ""], open: ["+++", "quiet"], close: ["---", "quiet"], event: ["event", "quiet"] };

function textOf(line) {
  const data = line.data;
  if (line.kind === "event") return Object.entries(data).map(([key, value]) => `${key} ${value}`).join("  ");
  return typeof data === "string" ? data : JSON.stringify(data);
}

function row(line) {
  const [mark, quiet] = MARKS[line.kind] ?? [line.kind, "mark"];
  const answered = line.kind === "out" && line.latency !== undefined ? line.latency : "";
  return el("li", { "data-line": line.line, class: quiet, title: "What it is, what caused it" },
    el("span", { class: "quiet" }, clock(line.time)),
    el("span", { class: "quiet" }, line.connection ? `#${line.connection}` : ""),
    el("span", {}, mark), el("span", {}, textOf(line)), el("span", { class: "quiet num" }, answered));
}

function matches(line, wanted) {
  if (!wanted) return true;
  return wanted.toLowerCase().split(/\s+/).every((word) =>
    word.startsWith("#") ? String(line.connection) === word.slice(1) : `${line.kind} ${textOf(line)}`.toLowerCase().includes(word));
}

const nanoseconds = (time) => BigInt(Date.parse(time.slice(0, 19) + "Z")) * 1000000n + BigInt(time.slice(20, 29));

function shownTime(span) {
  if (span === 0n) return "at once";
  if (span < 1000n) return `${span} ns`;
  if (span < 1000000n) return `${Number(span) / 1e3} us`;
  return span < 1000000000n ? `${(Number(span) / 1e6).toFixed(3)} ms` : `${(Number(span) / 1e9).toFixed(3)} s`;
}

function join(line) {
  if (line.kind !== "out" || !line.data || line.data.id === undefined) return;
  const asked = lines.findLast((one) => one.kind === "in" && one.connection === line.connection && one.data?.id === line.data.id);
  if (asked && !asked.answered) {
    asked.answered = true;
    line.latency = shownTime(nanoseconds(line.time) - nanoseconds(asked.time));
  }
}

let drawn = { wanted: null, to: 0 };

// Rows that are there stay: a browser draws what is new faster than everything anew.
function showLines() {
  const list = $("lines");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 20;
  const wanted = $("filter").value.trim();
  const anew = wanted !== drawn.wanted || !list.querySelector("li[data-line]");
  const fresh = anew ? lines : lines.filter((line) => line.line > drawn.to);
  const rows = fresh.filter((line) => (line.kind !== "event" || wanted.includes("event")) && matches(line, wanted)).map(row);
  if (anew) list.replaceChildren(...rows); else list.append(...rows);
  while (list.children.length > MOST_LINES) list.firstElementChild.remove();
  drawn = { wanted, to: last };
  if (!list.children.length) list.replaceChildren(el("li", { class: "empty" }, lines.length ? "Nothing matches the filter." : "Nothing has come yet. Connect a client to the address of this page."));
  $("left-out").textContent = dropped ? `${dropped} older lines left out` : "";
  if (chosen) mark();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function mark() {
  const related = new Set();
  for (let line = chosen; line; line = lines.find((one) => one.line === line.cause)) related.add(line.line);
  for (const line of lines) if (line.cause === chosen.line) related.add(line.line);
  for (const item of $("lines").children) {
    const number = Number(item.dataset.line);
    item.classList.toggle("chosen", number === chosen.line);
    item.classList.toggle("related", related.has(number));
  }
}

function choose(number) {
  chosen = lines.find((line) => line.line === number) ?? null;
  $("detail").hidden = !chosen;
  if (!chosen) return;
  $("detail-text").textContent = `line ${chosen.line}, ${chosen.time}\n${JSON.stringify(chosen.data, null, 2)}`;
  $("cause").disabled = !chosen.cause;
  for (const id of ["copy-step", "copy-curl", "copy-test"]) $(id).disabled = chosen.kind !== "in" || typeof chosen.data !== "object";
  mark();
}

// Panels

async function showBook() {
  if (!product) return;
  const book = await ask("GET", `/book?depth=10&product=${encodeURIComponent(product)}`);
  const level = (one, side) => el("tr", {},
    el("td", { class: side === "buy" ? "buy" : "" }, side === "buy" ? one.quantity : ""),
    el("td", { class: one.orders.length ? `own ${side}` : side, title: one.orders.length ? `orders ${one.orders.join(", ")}` : null }, one.price),
    el("td", { class: side === "sell" ? "sell" : "" }, side === "sell" ? one.quantity : ""));
  const rows = [...book.asks.toReversed().map((one) => level(one, "sell")), ...book.bids.map((one) => level(one, "buy"))];
  $("ladder").tBodies[0].replaceChildren(...(rows.length ? rows : [el("tr", {}, el("td", { colspan: 3, class: "quiet" }, "empty"))]));
}

const act = (label, ...steps) => el("button", { onclick: () => doSteps(steps) }, label);

async function showOrders() {
  const orders = (await ask("GET", "/orders?most=40")).toReversed();
  if (!product && orders.length) { product = orders[0].product; $("product").value = product; }
  fill($("orders"), orders.map((order) => {
    const side = order.dir === "Buy" ? "buy" : "sell";
    const told = toldOf(order.order_id);
    const differs = told && (told.state.join() !== order.state.join() || told.filled_qty !== order.filled_qty);
    const open = !order.state.includes("Out");
    return el("article", {},
      el("header", {}, el("b", {}, `#${order.order_id}`), el("span", { class: side }, `${order.dir} ${order.quantity} at ${order.price}`),
        el("span", { class: "push quiet" }, `${order.filled_qty} filled`)),
      el("p", {}, order.state.join(" "), order.reason ? el("span", { class: "mark" }, ` ${order.reason}`) : null),
      told ? el("p", { class: differs ? "sell" : "quiet" }, `told: ${told.state.join(" ")}, ${told.filled_qty} filled`) : null,
      open ? el("div", { class: "acts" },
        act("fill", { fill: { order: order.order_id } }), act("fill 40%", { fill: { order: order.order_id, quantity: "40%" } }),
        order.state.includes("Acked") ? null : act("reject", { reject: { order: order.order_id } }), act("cancel", { cancel: { order: order.order_id } }),
        act("expire", { expire: { order: order.order_id } })) : null);
  }), "No orders yet.");
  const fills = (await ask("GET", "/fills?most=40")).toReversed();
  fill($("tape"), fills.map((one) => el("li", { class: one.dir === "Buy" ? "buy" : "sell" }, `${clock(one.time).slice(0, 8)} #${one.order_id} ${one.quantity} at ${one.price}${one.kind === "Normal" ? "" : ` ${one.kind}`}`,
    one.kind === "Normal" ? act("bust", { bust: one.fill_id }) : null)), "No fills yet.");
}

function toldOf(orderId) {
  for (const line of lines.toReversed()) {
    const items = line.kind === "out" ? line.data?.response?.Ok : null;
    const found = Array.isArray(items) && items.find((item) => item && item.order_id === orderId && item.state);
    if (found) return found;
  }
  return null;
}

async function showRules() {
  const rules = await ask("GET", "/rules");
  fill($("rules"), rules.map((rule) => el("article", {},
    el("header", {}, el("b", {}, rule.name), el("span", { class: "quiet" }, `fired ${rule.fired}${rule.left === null ? "" : `, ${rule.left} left`}`),
      el("button", { class: "push", "aria-pressed": String(rule.is_on), onclick: () => change("PATCH", `/rules/${encodeURIComponent(rule.name)}`, { on: !rule.is_on }) }, rule.is_on ? "on" : "off")),
    el("p", { class: "quiet" }, rule.place.split("/").pop()),
    ...rule.misses.slice(-1).map((miss) => el("p", { class: "mark" }, `nearly: ${(miss.differences ?? []).map((one) => `${one.field}: wanted ${one.wanted}, came ${one.came}`).join("; ")}`)))),
    "No rules: the engine decides.");
}

async function showDue() {
  const [due, held] = [await ask("GET", "/due?most=20"), await ask("GET", "/held")];
  fill($("due"), [
    ...held.map((one) => el("article", {}, el("header", {}, el("b", {}, one.name), el("span", { class: "quiet" }, `held by ${one.rule}`),
      el("button", { class: "push", onclick: () => change("POST", "/release", { name: one.name }) }, "release")))),
    ...due.filter((one) => !one.is_endless).map((one) => el("article", {}, el("p", {}, el("b", {}, `in ${one.left.replace(/(\.\d{3})\d+/, "$1")}`), ` ${one.because}`))),
  ], "Nothing is due, and nothing is held.");
}

async function showSessions() {
  const sessions = await ask("GET", "/sessions");
  fill($("sessions"), sessions.map((one) => {
    const session = String(one.connection);
    return el("article", {},
      el("header", {}, el("b", {}, `#${session}`), el("span", { class: "quiet" }, `${one.target}${one.account ? ` ${one.account}` : ""}`),
        one.is_stalled ? el("span", { class: "mark" }, `stalled, ${one.kept} kept`) : null),
      el("div", { class: "acts" }, act("close", { disconnect: { session } }), act("stall 5 s", { stall: { session, for: "5s" } }),
        act("slow 5 s", { slow: { session, bytes_per_second: 200, for: "5s" } }), act("bad JSON", { corrupt: { session } })));
  }), "Nobody is connected.");
}

// What is done

function said(text, bad = false) {
  $("done").textContent = text;
  $("done").classList.toggle("bad", bad);
}

async function change(method, call, body) {
  try {
    await ask(method, call, body);
    said("done");
  } catch (error) {
    said(error.message, true);
  }
  refresh();
}

const doSteps = (steps) => change("POST", "/do", { steps });

async function check() {
  const yaml = $("yaml").value;
  const problems = yaml.trim() ? (await ask("POST", "/check", { yaml })).problems : [];
  $("problems").replaceChildren(...problems.map((one) => el("li", {}, `${one.line}:${one.column} ${one.path} ${one.message}`)));
  $("apply").disabled = problems.length > 0 || !yaml.trim();
}

function copy(text) {
  navigator.clipboard.writeText(text).then(() => said("copied"), () => said("this browser does not let a page copy", true));
}

function asTest(message) {
  const { id, ...fields } = message;
  return `def test_it(exchange):\n    with connect(exchange.url + "/") as venue:\n        venue.send(json.dumps(${JSON.stringify(message)}))\n        assert exchange.received(request="${fields.type}")\n`;
}

// Keeping up

async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    do {
      again = false;
      if (state && state.line - last > MOST_NEWS) { dropped += state.line - MOST_NEWS - last; last = state.line - MOST_NEWS; }
      const news = await ask("GET", `/journal?since=${last}&most=${MOST_NEWS}`);
      for (const line of news) { join(line); lines.push(line); last = line.line; }
      if (lines.length > MOST_LINES) { dropped += lines.length - MOST_LINES; lines = lines.slice(-MOST_LINES); }
      showLines();
      await Promise.all([showOrders(), showRules(), showDue(), showSessions()]);
      await showBook();
      if (news.length > BUSY) await new Promise((resolve) => { setTimeout(resolve, BUSY_PAUSE); });
    } while (again);
  } catch (error) {
    said(error.message, true);
  } finally {
    busy = false;
  }
}

let source = null;

function listen() {
  source?.close();
  source = new EventSource(withToken(path("/events")));
  $("report").href = withToken(path("/report.html"));
  source.onmessage = (event) => {
    state = JSON.parse(event.data);
    showState();
    refresh();
    showWorlds().catch(() => {});
  };
  source.onerror = () => said("the exchange cannot be reached; trying again", true);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.clock) change("POST", "/clock", { pace: button.dataset.clock === "paused" ? "paused" : Number(button.dataset.clock) });
  else if (button?.dataset.advance === "next") change("POST", "/advance", { next: true });
  else if (button?.dataset.advance) change("POST", "/advance", { by: button.dataset.advance });
});
$("lines").addEventListener("click", (event) => { const item = event.target.closest("li"); if (item) choose(Number(item.dataset.line)); });
$("lines").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const shown = [...$("lines").children].map((item) => Number(item.dataset.line));
  const at = chosen ? shown.indexOf(chosen.line) + step : shown.length - 1;
  if (shown[at] !== undefined) { choose(shown[at]); $("lines").children[at].scrollIntoView({ block: "nearest" }); }
});
$("filter").addEventListener("input", showLines);
$("cause").addEventListener("click", () => chosen && choose(chosen.cause));
$("close-detail").addEventListener("click", () => { chosen = null; $("detail").hidden = true; showLines(); });
$("copy-step").addEventListener("click", () => copy(`- send: ${JSON.stringify(chosen.data)}`));
$("copy-curl").addEventListener("click", () => copy(`curl ${location.origin}${path("/received")} -H 'Content-Type: application/json' -d '${JSON.stringify({ when: { request: chosen.data.type } })}'`));
$("copy-test").addEventListener("click", () => copy(asTest(chosen.data)));
$("product").addEventListener("change", () => { product = $("product").value; showBook().catch((error) => said(error.message, true)); });
$("inject").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("step").value.trim();
  if (!text) return;
  try { doSteps([text.startsWith("{") ? JSON.parse(text) : text]); } catch (error) { said(`a step is JSON, or a word such as heal: ${error.message}`, true); }
});
$("yaml").addEventListener("input", () => { check().catch((error) => said(error.message, true)); });
$("apply").addEventListener("click", () => change("POST", "/reset", { yaml: $("yaml").value }).then(() => enter(world)));
$("steps").append(...['"heal"', '{"fill": {"order": "last", "quantity": "rest"}}', '{"halt": "All"}', '{"resume": "All"}', '{"restart": {"orders": "lost", "for": "5s"}}'].map((value) => el("option", { value })));
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = { p: '[data-clock="paused"]', n: '[data-advance="next"]', r: '[data-clock="1"]' }[event.key];
  if (pressed) document.querySelector(pressed).click();
  if (event.key === "/") { event.preventDefault(); $("filter").focus(); }
});
$("apply").disabled = true;
setInterval(showTime, 100);
listen();
