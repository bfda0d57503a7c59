// The live page: asks for windows of what has happened, and shows every text as text.

const token = new URLSearchParams(location.search).get("token");
const MOST_LINES = 500;
const MOST_WHEN_BUSY = 60; // of what comes faster than anybody reads, the newest is shown
const BUSY = 50;
const BUSY_PAUSE = 200;
const WORLDS_EVERY = 2000;
let world = "";
let state = null;
let heard = 0;
let last = 0;
let dropped = 0;
let chosen = null;
let lines = [];
let orders = [];
let product = "";
let busy = false;
let again = false;
let visit = 0;
let isFlooded = false;

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

// Shows things, each made anew only if it has changed: what is clicked or has the focus stays where it is.
function draw(node, things, key, make, empty) {
  const before = node.drawn ?? new Map();
  node.drawn = new Map();
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  const buttons = (item) => [...(item?.querySelectorAll("button") ?? [])];
  let wanted = null;
  const items = things.map((thing) => {
    const text = JSON.stringify(thing);
    const old = before.get(key(thing));
    const item = old?.text === text ? old.item : make(thing);
    if (old && old.item !== item && focused && old.item.contains(focused)) wanted = [item, buttons(old.item).indexOf(focused)];
    node.drawn.set(key(thing), { text, item });
    return item;
  });
  if (!items.length && empty) items.push(node.nothing ??= el(node.tagName === "OL" ? "li" : "p", { class: "empty" }, empty));
  for (const [at, item] of items.entries()) if (node.children[at] !== item) node.insertBefore(item, node.children[at] ?? null);
  while (node.children.length > items.length) node.lastElementChild.remove();
  if (wanted) buttons(wanted[0])[wanted[1]]?.focus();
}

const withToken = (address) => address + (token ? `?token=${encodeURIComponent(token)}` : "");
const path = (call) => `/_exchange${world ? `/worlds/${encodeURIComponent(world)}` : ""}${call}`;

async function ask(method, call, body, where = path(call)) {
  const headers = { "Content-Type": "application/json" };
  if (token) headers["X-Exchange-Token"] = token;
  const answer = await fetch(where, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  const text = await answer.text();
  const data = text && JSON.parse(text);
  if (!answer.ok) throw Object.assign(new Error(data.error ?? answer.statusText), { problems: data.problems ?? [] });
  return data;
}

// Head

const clock = (time) => time.slice(11, 23);
const address = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${world ? `/worlds/${encodeURIComponent(world)}` : ""}`;

function showState() {
  const kind = typeof state.clock === "string" ? state.clock : `${state.clock.scaled}x`;
  const name = (state.scenario ?? "plain exchange").split("/").pop();
  $("scenario").textContent = name;
  $("scenario").title = state.scenario ?? "";
  document.title = `${name} - exchange-simulator`;
  $("address").textContent = address();
  heard = performance.now();
  showTime();
  const facts = [["seed", state.seed], ["open", `${state.open_orders} of ${state.orders}`], ["fills", state.fills]];
  if (state.state !== "start") facts.push(["state", state.state]);
  if (state.halts.length) facts.push(["halted", state.halts.map((one) => (typeof one === "string" ? one : Object.values(one)[0])).join(", ")]);
  $("facts").replaceChildren(...facts.map(([term, value]) => el("div", {}, el("dt", {}, `${term} `), el("dd", {}, String(value)))));
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

let askedForWorlds = -WORLDS_EVERY;

async function showWorlds() {
  if (performance.now() - askedForWorlds < WORLDS_EVERY) return;
  askedForWorlds = performance.now();
  const worlds = await ask("GET", "", undefined, "/_exchange/worlds");
  const tabs = worlds.length > 1 ? worlds : [];
  draw($("worlds"), tabs.map((one) => ({ name: one.name, on: one.name === world })), (one) => one.name,
    (one) => el("button", { "aria-pressed": String(one.on), onclick: () => enter(one.name) }, one.name || "own"), "");
}

// What was shown is of another world, or of one before this.
function forget() {
  visit += 1;
  lines = []; last = 0; dropped = 0; askedForWorlds = -WORLDS_EVERY;
  asked.clear();
  orders = [];
  for (const id of ["lines", "orders", "tape", "rules", "due", "sessions"]) {
    $(id).replaceChildren();
    $(id).drawn = undefined;
  }
  closeDetail();
}

function enter(name) {
  world = name;
  product = $("product").value = centred = "";
  $("yaml").value = "";
  $("editor").open = false;
  forget();
  listen();
}

// Traffic

const MARKS = { in: ["-->", ""], out: ["<--", ""], open: ["+++", "quiet"], close: ["---", "quiet"], event: ["event", "quiet"] };

function textOf(line) {
  const data = line.data;
  if (line.kind === "event" || (data && data.type && line.kind !== "in" && line.kind !== "out")) {
    return Object.entries(data).filter(([, value]) => value !== null).map(([key, value]) => (key === "type" ? value : `${key} ${value}`)).join("  ");
  }
  return typeof data === "string" ? data : JSON.stringify(data);
}

function row(line) {
  const [mark, quiet] = MARKS[line.kind] ?? [line.kind, "mark"];
  return el("li", { "data-line": line.line, class: quiet || null },
    el("span", { class: "quiet" }, clock(line.time)),
    el("span", { class: "quiet" }, line.connection ? `#${line.connection}` : ""),
    el("span", { title: mark.length > 7 ? mark : null }, mark), el("span", {}, textOf(line).slice(0, 400)), el("span", { class: "quiet num" }, line.latency ?? ""));
}

const lineOf = (number) => {
  if (!number) return undefined;
  const at = number - (lines[0]?.line ?? 0);
  return lines[at]?.line === number ? lines[at] : lines.find((one) => one.line === number);
};

// The names of the rules that a line comes of, or that have taken the request that it is.
function rulesOf(line) {
  const names = [...(line.rules ?? [])];
  for (let one = line; one; one = lineOf(one.cause)) if (one.kind === "rule") names.push(String(one.data).toLowerCase());
  return names;
}

const itemsOf = (line) => (Array.isArray(line.data?.response?.Ok) ? line.data.response.Ok : []);

const ABOUT = {
  id: (line, word) => String(line.data?.id ?? "") === word,
  type: (line, word) => String(line.data?.type ?? lineOf(line.answers)?.data?.type ?? "").toLowerCase().includes(word),
  rule: (line, word) => rulesOf(line).some((name) => name.includes(word)),
  order: (line, word) => String(line.data?.order_id ?? "") === word || itemsOf(line).some((item) => item?.order_id === word)
    || (line.kind === "out" && line.data?.response?.Ok === word) || lineOf(line.answeredBy)?.data?.response?.Ok === word,
  kind: (line, word) => line.kind === word,
};

const wordsOf = (text) => [...text.toLowerCase().matchAll(/(?:(id|type|rule|order|kind):)?(?:"([^"]*)"?|(\S+))/g)].map(([, about, quoted, plain]) => [about, quoted ?? plain]);

function matches(line, words) {
  return words.every(([about, word]) => {
    if (about) return ABOUT[about](line, word);
    return /^#\d+$/.test(word) ? `#${line.connection}` === word : `${line.kind} ${textOf(line)}`.toLowerCase().includes(word);
  });
}

const nanoseconds = (time) => BigInt(Date.parse(time.slice(0, 19) + "Z")) * 1000000n + BigInt(time.slice(20, 29));

function shownTime(span) {
  if (span === 0n) return "at once";
  if (span < 1000n) return `${span} ns`;
  if (span < 1000000n) return `${Number(span) / 1e3} us`;
  return span < 1000000000n ? `${(Number(span) / 1e6).toFixed(3)} ms` : `${(Number(span) / 1e9).toFixed(3)} s`;
}

const asked = new Map();

// A reply says after how long it has come; a rule says whom it has taken.
function join(line) {
  const key = `${line.connection} ${line.data?.id}`;
  if (line.kind === "in" && line.data?.id !== undefined) {
    asked.delete(key);
    asked.set(key, line);
    if (asked.size > MOST_LINES) asked.delete(asked.keys().next().value);
  } else if (line.kind === "rule") {
    const cause = lineOf(line.cause);
    if (cause) cause.rules = [...(cause.rules ?? []), String(line.data).toLowerCase()];
  } else if (line.kind === "out" && asked.has(key)) {
    const request = asked.get(key);
    asked.delete(key);
    request.answeredBy = line.line;
    line.answers = request.line;
    line.latency = shownTime(nanoseconds(line.time) - nanoseconds(request.time));
  }
}

let drawn = { wanted: null, to: 0 };
const NOTHING_YET = "Nothing has come yet. Connect a client to the address above.";

// Rows that are there stay: a browser draws what is new faster than everything anew.
function showLines() {
  const list = $("lines");
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 20;
  const wanted = $("filter").value.trim();
  const words = wordsOf(wanted);
  const showsEvents = words.some(([about, word]) => about || word.includes("event"));
  const anew = wanted !== drawn.wanted || !list.querySelector("li[data-line]");
  const fresh = anew ? lines : lines.filter((line) => line.line > drawn.to);
  const rows = fresh.filter((line) => (line.kind !== "event" || showsEvents) && matches(line, words)).map(row);
  if (anew) list.replaceChildren(...rows); else list.append(...rows);
  while (list.children.length > MOST_LINES) list.firstElementChild.remove();
  drawn = { wanted, to: last };
  if (!list.children.length) list.replaceChildren(el("li", { class: "empty" }, lines.length ? "Nothing matches the filter." : NOTHING_YET));
  $("left-out").textContent = dropped ? `${dropped} older lines left out` : "";
  if (chosen) mark();
  if (atEnd) list.scrollTop = list.scrollHeight;
}

function mark() {
  const related = new Set();
  for (let line = chosen; line; line = lineOf(line.cause)) related.add(line.line);
  for (const line of lines) if (line.cause && related.has(line.cause) && line.cause >= chosen.line) related.add(line.line);
  if (chosen.answers) related.add(chosen.answers);
  if (chosen.answeredBy) related.add(chosen.answeredBy);
  for (const item of $("lines").children) {
    const number = Number(item.dataset.line);
    item.classList.toggle("chosen", number === chosen.line);
    item.classList.toggle("related", related.has(number));
  }
}

const effectsOf = (number) => lines.filter((line) => line.cause === number);

function choose(number) {
  chosen = lineOf(number) ?? null;
  $("detail").hidden = !chosen;
  if (!chosen) return;
  $("detail-text").textContent = `line ${chosen.line}, ${chosen.time}${chosen.cause ? `, caused by line ${chosen.cause}` : ""}\n${typeof chosen.data === "string" ? chosen.data : JSON.stringify(chosen.data, null, 2)}`;
  $("cause").disabled = !lineOf(chosen.cause);
  $("effect").disabled = !effectsOf(chosen.line).length;
  for (const id of ["copy-step", "copy-curl", "copy-test"]) $(id).disabled = chosen.kind !== "in" || typeof chosen.data !== "object";
  if (!$("lines").querySelector(`[data-line="${number}"]`)) { $("filter").value = ""; drawn.wanted = null; showLines(); }
  mark();
  $("lines").querySelector(".chosen")?.scrollIntoView({ block: "nearest" });
}

function filterBy(text) {
  $("filter").value = text;
  showLines();
}

// Panels

const act = (label, ...steps) => el("button", { onclick: () => doSteps(steps) }, label);
const link = (label, text) => el("button", { class: "link", title: `Filter the traffic by ${text}`, onclick: () => filterBy(text) }, label);

let centred = "";

// Levels of a side, and behind the last that was asked for those in which clients' orders stand, as far as is known.
function withOwn(levels, dir, book) {
  const found = new Map(levels.map((one) => [Number(one.price), one]));
  for (const order of orders) {
    const price = Number(order.price);
    if (order.dir !== dir || order.product !== book.product || order.state.includes("Out") || !Number(order.leaves_qty)) continue;
    if (levels.some((one) => Number(one.price) === price) || !order.state.includes("Acked")) continue;
    const level = found.get(price) ?? { price: order.price, quantity: "0", orders: [] };
    const quantity = String(Number((Number(level.quantity) + Number(order.leaves_qty)).toFixed(9)));
    found.set(price, { ...level, quantity, orders: [...level.orders, order.order_id] });
  }
  return [...found.values()].sort((one, other) => Number(other.price) - Number(one.price));
}

function showBook(book) {
  const level = (one, side) => {
    const own = one.orders.length ? `${one.orders.slice(0, 3).map((id) => `#${id}`).join(" ")}${one.orders.length > 3 ? "…" : ""}` : "";
    const other = el("td", { class: "own" }, own);
    const quantity = el("td", { class: side }, one.quantity);
    return el("tr", { title: own ? `orders ${one.orders.join(", ")}` : null },
      side === "buy" ? quantity : other, el("td", { class: own ? `own ${side}` : null }, one.price), side === "buy" ? other : quantity);
  };
  const none = el("tr", {}, el("td", { colspan: 3, class: "quiet" }, product ? (book ? "nothing in the book" : "there is no such product") : "the product of the first order, or the one you name"));
  const spread = el("tr", { id: "spread" }, el("td", { colspan: 3 }));
  const rows = book && book.bids.length + book.asks.length
    ? [...withOwn(book.asks, "Sell", book).map((one) => level(one, "sell")), spread, ...withOwn(book.bids, "Buy", book).map((one) => level(one, "buy"))] : [none];
  $("ladder").tBodies[0].replaceChildren(...rows);
  if (book && centred !== book.tradable_product && rows.length > 1) {
    centred = book.tradable_product;
    $("levels").scrollTop = spread.offsetTop - $("levels").clientHeight / 2;
  }
}

const stateText = (one) => `${one.state.filter((flag) => flag !== "Open" || one.state.length === 1).join(" ")}${Number(one.filled_qty) ? ` ${one.filled_qty}` : ""}`;

// What each order has been, and what its client was told of it, as far as the lines that are kept say so.
function lives() {
  const found = new Map();
  const add = (id, line, way, one) => {
    const life = found.get(id) ?? [];
    if (!found.has(id)) found.set(id, life);
    const moment = life.at(-1);
    if (moment?.time === line.time && !(way in moment)) moment[way] = stateText(one);
    else if (moment?.time === line.time && way === "truth" && !("told" in moment)) moment[way] = stateText(one);
    else life.push({ time: line.time, [way]: stateText(one) });
  };
  for (const line of lines) {
    if (line.kind === "event" && line.data.type === "OrderChanged") add(line.data.order_id, line, "truth", line.data);
    else if (line.kind === "lost" && line.data?.order_id && line.data.state) add(line.data.order_id, line, "lost", line.data);
    else if (line.kind === "out") for (const item of itemsOf(line)) if (item?.order_id && item.state) add(item.order_id, line, "told", item);
  }
  return found;
}

function timeline(life) {
  const shown = life.slice(-8);
  let truth = "";
  let told = null;
  const cells = shown.map((moment) => {
    if (moment.truth) truth = moment.truth;
    const isTold = moment.told !== undefined;
    if (isTold) told = moment.told;
    const differs = told !== null && told !== truth;
    const below = isTold ? moment.told : moment.lost ? "lost" : differs ? told : "";
    return el("td", { title: `${clock(moment.time)}: ${truth}; told: ${told ?? "nothing"}` },
      el("span", { class: moment.truth ? null : "quiet" }, moment.truth ?? truth), el("span", { class: differs || moment.lost ? "sell" : "quiet" }, below || "·"));
  });
  return el("table", { class: "life" }, el("tbody", {}, el("tr", {}, el("th", {}, el("span", {}, "truth"), el("span", {}, "told")), ...cells)));
}

function orderItem({ order, life, told }) {
  const side = order.dir === "Buy" ? "buy" : "sell";
  const open = !order.state.includes("Out");
  return el("article", {},
    el("header", {}, link(`#${order.order_id}`, `order:${order.order_id}`), el("span", { class: side, title: order.product }, `${order.dir} ${order.quantity} at ${order.price}`),
      el("span", { class: "push quiet" }, `${order.filled_qty} filled`)),
    el("p", {}, order.state.join(" "), order.reason ? el("span", { class: "mark" }, ` ${order.reason}`) : null,
      told ? null : el("span", { class: "quiet" }, "; nobody was told of its state")),
    life.length > 1 || life.some((one) => one.told !== undefined || one.lost) ? timeline(life) : null,
    open ? el("div", { class: "acts" },
      act("fill", { fill: { order: order.order_id } }), act("fill 40%", { fill: { order: order.order_id, quantity: "40%" } }),
      order.state.includes("Acked") ? null : act("reject", { reject: { order: order.order_id } }), act("cancel", { cancel: { order: order.order_id } }),
      act("expire", { expire: { order: order.order_id } })) : null);
}

function showOrders(fills) {
  const found = lives();
  const things = orders.map((order) => {
    const life = (found.get(order.order_id) ?? []).slice(-8);
    return { order, life, told: life.some((one) => one.told !== undefined) };
  });
  draw($("orders"), things.reverse(), (one) => one.order.order_id, orderItem, "No orders yet.");
  draw($("tape"), fills.reverse(), (one) => one.fill_id, (one) => el("li", {},
    el("span", { class: "quiet", title: one.time }, clock(one.time).slice(3, 8)), link(`#${one.order_id}`, `order:${one.order_id}`),
    el("span", { class: one.dir === "Buy" ? "buy" : "sell", title: `${one.dir}, ${one.liquidity}, against ${one.against}` }, `${one.quantity} at ${one.price}`),
    one.kind === "Normal" ? act("bust", { bust: one.fill_id }) : el("span", { class: "mark push" }, one.kind)), "No fills yet.");
}

const differing = (miss) => (miss.differences ?? []).map((one) => `${one.field}: wanted ${one.wanted}, came ${one.came}`).join("; ");

const ruleItem = (rule) => el("article", {},
  el("header", {}, link(rule.name, `rule:"${rule.name}"`),
    el("span", { class: "quiet nowrap" }, `fired ${rule.fired} of ${rule.matched}${rule.left === null ? "" : `, ${rule.left} left`}`),
    el("button", { class: "push", "aria-pressed": String(rule.is_on), onclick: () => change("PATCH", `/rules/${encodeURIComponent(rule.name)}`, { on: !rule.is_on }) }, rule.is_on ? "on" : "off")),
  el("p", { class: "quiet", title: rule.place }, rule.place.split("/").pop(), rule.is_required && !rule.fired ? el("span", { class: "mark" }, "  required, and has not fired") : null),
  ...rule.misses.map((miss) => el("p", { class: "mark" }, el("button", { class: "link", onclick: () => choose(miss.received.line) }, "nearly"), ` ${differing(miss)}`)));

const dueItem = (one) => (one.name
  ? el("article", {}, el("header", {}, el("b", {}, one.name), el("span", { class: "quiet" }, `held by ${one.rule}${one.order_id ? `, order #${one.order_id}` : ""}`),
    el("button", { class: "push", onclick: () => change("POST", "/release", { name: one.name }) }, "release")))
  : el("article", {}, el("p", { title: one.time }, el("b", {}, `in ${one.left.replace(/(\.\d{3})\d+/, "$1")}`), ` ${one.because.replace(/^\S+Z (\*\*\* )?/, "") || (one.is_endless ? "the market goes on" : "")}`),
    one.cause ? el("button", { class: "link", onclick: () => choose(one.cause) }, "what caused it") : null));

function showDue(due, held) {
  const awaited = due.filter((one) => !one.is_endless);
  const next = awaited.length || held.length ? [] : due.slice(0, 1);
  draw($("due"), [...held, ...awaited, ...next], (one) => one.name ?? `${one.time} ${one.cause}`, dueItem, "Nothing is due, and nothing is held.");
}

function sessionItem(one) {
  const session = String(one.connection);
  const marks = [one.is_stalled ? `stalled, ${one.kept} kept` : "", one.bytes_per_second ? `${one.bytes_per_second} bytes a second` : "", one.damages.join(", "), one.answers_pings ? "" : "no pongs"].filter(Boolean);
  return el("article", {},
    el("header", {}, link(`#${session}`, `#${session}`), el("span", { class: "quiet" }, `${one.target}${one.account ? ` ${one.account}` : ""}`),
      el("span", { class: "quiet push" }, one.subscriptions.map((each) => each.request.replace("Subscribe", "")).join(", "))),
    marks.length ? el("p", { class: "mark" }, marks.join("; ")) : null,
    el("div", { class: "acts" }, act("close", { disconnect: { session } }), act("abort", { disconnect: { abort: true, session } }), act("stall 5 s", { stall: { session, for: "5s" } }),
      act("slow 5 s", { slow: { session, bytes_per_second: 200, for: "5s" } }), act("bad JSON", { corrupt: { session } })));
}

function showProducts(products) {
  if (!product && orders.length) { product = orders[0].product; $("product").value = product; again = true; }
  if ($("products").children.length !== products.length) $("products").replaceChildren(...products.map((value) => el("option", { value })));
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
  askedForWorlds = -WORLDS_EVERY;
  refresh();
}

const doSteps = (steps) => change("POST", "/do", { steps });

async function check() {
  const yaml = $("yaml").value;
  const problems = yaml.trim() ? (await ask("POST", "/check", { yaml })).problems : [];
  if (yaml !== $("yaml").value) return; // it has been written on meanwhile
  $("problems").replaceChildren(...problems.map((one) => el("li", {}, `${one.line}:${one.column} ${one.path} ${one.message}`)));
  $("apply").disabled = problems.length > 0 || !yaml.trim();
  $("save").disabled = !yaml.trim();
}

async function openEditor() {
  if (!$("editor").open || $("yaml").value) return;
  $("yaml").value = (await ask("GET", "/scenario")).yaml;
  await check();
}

function save() {
  const file = URL.createObjectURL(new Blob([$("yaml").value], { type: "application/yaml" }));
  el("a", { href: file, download: `${($("scenario").textContent || "scenario").replace(/\.ya?ml$/, "").replace(/[^\w.-]+/g, "-")}.yaml` }).click();
  setTimeout(() => URL.revokeObjectURL(file), 1000);
}

function copy(text) {
  navigator.clipboard.writeText(text).then(() => said("copied"), () => said("this browser does not let a page copy", true));
}

const quoted = (value) => `'${value.replaceAll("'", "'\\''")}'`;

const PYTHON = { true: "True", false: "False", null: "None" };
const inPython = (value) => (Array.isArray(value) ? `[${value.map(inPython).join(", ")}]`
  : value && typeof value === "object" ? `{${Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${inPython(one)}`).join(", ")}}`
    : PYTHON[String(value)] && typeof value !== "string" ? PYTHON[String(value)] : JSON.stringify(value));

function asTest(message) {
  return `import json\n\nfrom websockets.sync.client import connect\n\n\ndef test_it(exchange):\n    with connect(f"{exchange.url}/") as venue:\n        venue.send(json.dumps(${inPython(message)}))\n        exchange.wait_for(request=${JSON.stringify(message.type)})\n`;
}

const asCurl = (message) => `curl ${quoted(location.origin + path("/received"))} -H 'Content-Type: application/json'${token ? ` -H ${quoted(`X-Exchange-Token: ${token}`)}` : ""} -d ${quoted(JSON.stringify({ when: { request: message.type } }))}`;

// Keeping up

async function refresh() {
  if (busy) { again = true; return; }
  busy = true;
  try {
    do {
      again = false;
      const asking = visit;
      const query = new URLSearchParams({ since: last, most: isFlooded ? MOST_WHEN_BUSY : MOST_LINES, ...(product ? { product } : {}) });
      const seen = await ask("GET", `/window?${query}`);
      if (asking !== visit) { again = true; continue; }
      if (seen.line < last) { forget(); again = true; continue; } // it has begun anew
      isFlooded = seen.lines.length + seen.left_out > BUSY;
      dropped += seen.left_out;
      for (const line of seen.lines) { lines.push(line); join(line); }
      last = seen.line;
      if (lines.length > MOST_LINES) { dropped += lines.length - MOST_LINES; lines = lines.slice(-MOST_LINES); }
      orders = seen.orders;
      showProducts(seen.products);
      showLines();
      showOrders(seen.fills);
      draw($("rules"), seen.rules, (rule) => rule.number, ruleItem, "No rules: the engine decides.");
      showDue(seen.due, seen.held);
      draw($("sessions"), seen.sessions, (one) => one.connection, sessionItem, "Nobody is connected.");
      showBook(seen.book);
      if (isFlooded) await new Promise((resolve) => { setTimeout(resolve, BUSY_PAUSE); });
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
  let isLost = false;
  source.onmessage = (event) => {
    state = JSON.parse(event.data);
    if (isLost) said("");
    isLost = false;
    showState();
    refresh();
    showWorlds().catch(() => {});
  };
  source.onerror = () => { isLost = true; said("the exchange cannot be reached; trying again", true); };
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button?.dataset.clock) change("POST", "/clock", { pace: button.dataset.clock === "paused" ? "paused" : Number(button.dataset.clock) });
  else if (button?.dataset.advance === "next") change("POST", "/advance", { next: true });
  else if (button?.dataset.advance) change("POST", "/advance", { by: button.dataset.advance });
});
$("address").addEventListener("click", () => copy(address()));
$("lines").addEventListener("click", (event) => { const item = event.target.closest("li"); if (item) choose(Number(item.dataset.line)); });
$("lines").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const shown = [...$("lines").children].map((item) => Number(item.dataset.line));
  const at = chosen ? shown.indexOf(chosen.line) + step : shown.length - 1;
  if (shown[at]) choose(shown[at]);
});

function closeDetail() {
  chosen = null;
  $("detail").hidden = true;
  for (const item of $("lines").children) item.classList.remove("chosen", "related");
}

$("filter").addEventListener("input", showLines);
$("cause").addEventListener("click", () => choose(chosen.cause));
$("effect").addEventListener("click", () => choose(effectsOf(chosen.line)[0].line));
$("close-detail").addEventListener("click", closeDetail);
$("copy-step").addEventListener("click", () => copy(`- send: ${JSON.stringify(chosen.data)}`));
$("copy-curl").addEventListener("click", () => copy(asCurl(chosen.data)));
$("copy-test").addEventListener("click", () => copy(asTest(chosen.data)));
$("product").addEventListener("change", () => { product = $("product").value.trim(); centred = ""; refresh(); });
$("inject").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("step").value.trim();
  if (!text) return;
  try { doSteps([text.startsWith("{") ? JSON.parse(text) : text]); } catch (error) { said(`a step is JSON, or a word such as heal: ${error.message}`, true); }
});
$("yaml").addEventListener("input", () => { check().catch((error) => said(error.message, true)); });
$("editor").addEventListener("toggle", () => {
  centred = "";
  refresh();
  openEditor().catch((error) => said(error.message, true));
});
$("apply").addEventListener("click", () => change("POST", "/reset", { yaml: $("yaml").value }).then(forget));
$("save").addEventListener("click", save);
$("filters").append(...["type:SendLimitOrder", "type:CancelOrder", "kind:rule", "kind:lost", "event", "Err"].map((value) => el("option", { value })));
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input, textarea")) { if (event.key === "Escape") event.target.blur(); return; }
  if (event.key === "Escape") closeDetail();
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const pressed = { p: '[data-clock="paused"]', n: '[data-advance="next"]', r: '[data-clock="1"]' }[event.key];
  if (pressed) document.querySelector(pressed).click();
  if (event.key === "/") { event.preventDefault(); $("filter").focus(); }
});
$("apply").disabled = $("save").disabled = true;
setInterval(showTime, 100);
listen();
fetch("/page/steps.json").then((answer) => answer.json())
  .then((steps) => $("steps").append(...steps.map((step) => el("option", { value: typeof step === "string" ? step : JSON.stringify(step) }))));
