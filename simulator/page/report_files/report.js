// A report: what happened, and how all stood at every line of it. It asks nothing of anybody; every text stays text.
"use strict";

const report = JSON.parse(document.getElementById("data").textContent);
const MOST_BEFORE = 250;
const MOST_AFTER = 50;
const [LINE, TIME, CONNECTION, KIND, CAUSE, DATA] = [0, 1, 2, 3, 4, 5];
let run = null;
let at = 0;

const $ = (id) => document.getElementById(id);

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) node.setAttribute(name, value);
  node.append(...children.filter((child) => child !== null));
  return node;
}

const fill = (node, children, empty) =>
  node.replaceChildren(...(children.length ? children : [el(node.tagName === "OL" ? "li" : "p", { class: "empty" }, empty)]));

// How all stood once so many entries had been written: the truth, what clients were told, which rules had fired.
function stateAt(position) {
  const orders = new Map(Object.entries(run.orders_before));
  const told = new Map();
  const fired = new Map();
  for (const entry of run.entries.slice(0, position)) {
    const data = entry[DATA];
    if (entry[KIND] === "event" && data.type === "OrderChanged") orders.set(data.order_id, data);
    else if (entry[KIND] === "rule") fired.set(data, (fired.get(data) ?? 0) + 1);
    else if (entry[KIND] === "out") {
      const items = data?.response?.Ok;
      for (const item of Array.isArray(items) ? items : []) if (item?.order_id && item.state) told.set(item.order_id, item);
    }
  }
  return { orders, told, fired };
}

const clock = (time) => time.slice(11);
const textOf = (data) => (typeof data === "string" ? data : JSON.stringify(data));
const MARKS = { in: "-->", out: "<--", open: "+++", close: "---" };

function lineText(entry) {
  const data = entry[DATA];
  if (entry[KIND] !== "event" || !data.type) return textOf(data);
  const { type, ...fields } = data;
  return `${type} ${Object.entries(fields).filter(([, value]) => value !== null).map(([key, value]) => `${key} ${key === "product" ? nameOf(value) : value}`).join(", ")}`;
}

function row(entry, index) {
  const later = index >= at ? "later" : index === at - 1 ? "now" : null;
  const quiet = entry[KIND] === "event" || entry[KIND] === "open" || entry[KIND] === "close" ? "quiet" : "";
  return el("li", { class: [later, quiet].filter(Boolean).join(" ") || null, "data-at": index + 1 },
    el("span", { class: "quiet" }, clock(entry[TIME]).slice(0, 15)), el("span", { class: "quiet" }, entry[CONNECTION] ? `#${entry[CONNECTION]}` : ""),
    el("span", { class: MARKS[entry[KIND]] || quiet ? null : "mark" }, MARKS[entry[KIND]] ?? entry[KIND]), el("span", {}, lineText(entry).slice(0, 400)));
}

function matches(entry, words) {
  return words.every((word) => word.startsWith("#") ? `#${entry[CONNECTION]}` === word : `${entry[KIND]} ${lineText(entry)}`.toLowerCase().includes(word));
}

function showLines() {
  const words = $("filter").value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const shown = [];
  for (let index = 0; index < run.entries.length; index += 1) if (!words.length || matches(run.entries[index], words)) shown.push(index);
  const split = shown.findIndex((index) => index >= at);
  const middle = split < 0 ? shown.length : split;
  const seen = shown.slice(Math.max(0, middle - MOST_BEFORE), middle + MOST_AFTER);
  const cut = middle > MOST_BEFORE ? middle - MOST_BEFORE : 0;
  const before = cut || run.left_out ? [el("li", { class: "empty" }, `${cut + run.left_out} earlier lines are not shown`)] : [];
  fill($("lines"), [...(seen.length ? before : []), ...seen.map((index) => row(run.entries[index], index))],
    run.entries.length ? "Nothing matches the filter." : "Nothing happened.");
  $("lines").querySelector(".now")?.scrollIntoView({ block: "center" });
  const entry = run.entries[at - 1];
  $("detail").hidden = !entry;
  if (entry) $("detail").textContent = `line ${entry[LINE]}${entry[CAUSE] ? `, caused by line ${entry[CAUSE]}` : ""}\n${typeof entry[DATA] === "string" ? entry[DATA] : JSON.stringify(entry[DATA], null, 2)}`;
}

function orderItem(id, order, told) {
  const terms = run.terms[id];
  const differs = told && (told.state.join() !== order.state.join() || told.filled_qty !== order.filled_qty);
  return el("article", {},
    el("header", {}, el("b", {}, `#${id}`), terms ? el("span", { class: terms.dir === "Buy" ? "buy" : "sell" }, `${terms.dir} ${terms.quantity} at ${terms.price}`) : null),
    el("p", {}, `${order.state.join(" ")}, ${order.filled_qty} filled${order.avg_fill_price ? ` at ${order.avg_fill_price}` : ""}`),
    told ? el("p", { class: differs ? "sell" : "quiet" }, `told: ${told.state.join(" ")}, ${told.filled_qty} filled`) : el("p", { class: "quiet" }, "nobody was told of its state"));
}

// How books stood at a line: the levels of both sides by product, or nothing if it is not known.
function booksAt(line) {
  if (!run.books || line < run.books.from) return null;
  const books = new Map();
  const change = ([number, ...sides]) => {
    const [product] = run.books.products[number];
    const levels = books.get(product) ?? [new Map(), new Map()];
    books.set(product, levels);
    for (const [side, pairs] of sides.entries()) {
      for (let place = 0; place < pairs.length; place += 2) {
        if (pairs[place + 1] === "0") levels[side].delete(pairs[place]);
        else levels[side].set(pairs[place], pairs[place + 1]);
      }
    }
  };
  for (const one of run.books.before) change(one);
  for (const [at, ...one] of run.books.changes) if (at <= line) change(one);
  return books;
}

// A product by its id, whether an order names it by that or by its name.
const productOf = (target) => run.books?.products.find(([id, name]) => id === target || name === target)?.[0] ?? target;
const nameOf = (product) => run.books?.products.find(([id]) => id === product)?.[1] ?? product;

// The open orders of a product, by side and price.
function ownLevels(orders, product) {
  const sides = [new Map(), new Map()];
  for (const [id, order] of orders) {
    const terms = run.terms[id];
    if (!terms || order.state.includes("Out") || productOf(terms.target) !== product) continue;
    const side = sides[terms.dir.toLowerCase() === "buy" ? 0 : 1];
    const key = Number(terms.price);
    const level = side.get(key) ?? { price: terms.price, ids: [], quantity: 0 };
    level.ids.push(id);
    level.quantity += Number(terms.quantity) - Number(order.filled_qty);
    side.set(key, level);
  }
  return sides;
}

const amount = (value) => value.toFixed(9).replace(/\.?0+$/, "");

function showBook(orders, line) {
  const product = $("product").value;
  const books = booksAt(line);
  const own = ownLevels(orders, product);
  const levels = [0, 1].map((side) => {
    const found = books ? [...(books.get(product)?.[side] ?? [])] : [];
    const there = new Set(found.map(([price]) => Number(price)));
    for (const [price, level] of own[side]) if (!there.has(price)) found.push([level.price, amount(level.quantity)]);
    return found.sort(([one], [other]) => Number(other) - Number(one));
  });
  const row = ([price, quantity], side) => {
    const ids = own[side].get(Number(price))?.ids ?? [];
    const mark = el("td", { class: "own" }, `${ids.slice(0, 3).map((id) => `#${id}`).join(" ")}${ids.length > 3 ? "…" : ""}`);
    const total = el("td", { class: side ? "sell" : "buy" }, quantity);
    return el("tr", {}, side ? mark : total, el("td", { class: ids.length ? `own ${side ? "sell" : "buy"}` : null }, price), side ? total : mark);
  };
  const spread = el("tr", { id: "spread" }, el("td", { colspan: 3 }));
  const rows = [...levels[1].map((one) => row(one, 1)), spread, ...levels[0].map((one) => row(one, 0))];
  const nothing = el("tr", {}, el("td", { colspan: 3, class: "quiet" }, "nothing in the book"));
  $("ladder").tBodies[0].replaceChildren(...(rows.length > 1 ? rows : [nothing]));
  $("levels").scrollTop = spread.offsetTop - $("levels").clientHeight / 2;
  const since = run.books ? `before line ${run.books.from}` : "in this run";
  $("unknown").textContent = books ? "" : `What the market itself quoted ${since} is not known; these are clients' orders alone.`;
}

function showProducts() {
  const used = Object.values(run.terms).map((terms) => productOf(terms.target));
  const all = [...new Set([...used.reverse(), ...(run.books?.products ?? []).map(([id]) => id)])];
  $("product").replaceChildren(...all.map((id) => el("option", { value: id }, nameOf(id))));
  $("product").hidden = !all.length;
}

function go(position) {
  at = Math.max(0, Math.min(run.entries.length, position));
  $("slider").value = at;
  const entry = run.entries[at - 1];
  $("where").textContent = entry ? `${at} of ${run.entries.length}, ${entry[TIME].slice(0, 10)} ${clock(entry[TIME]).slice(0, -1)}` : `0 of ${run.entries.length}, before everything`;
  for (const button of document.querySelectorAll("[data-go]")) button.disabled = ["first", "back"].includes(button.dataset.go) ? at === 0 : at === run.entries.length;
  const { orders, told, fired } = stateAt(at);
  fill($("orders"), [...orders].reverse().slice(0, 80).map(([id, order]) => orderItem(id, order, told.get(id))), "There was no order yet.");
  showBook(orders, entry ? entry[LINE] : run.left_out);
  fill($("rules"), [...fired].map(([name, times]) => el("article", {}, el("span", {}, name), el("span", { class: "push quiet" }, `${times} time${times === 1 ? "" : "s"}`))), "No rule had fired yet.");
  showLines();
}

function failure(one) {
  const parts = /^(.*?)expected (.*), got (.*)$/s.exec(one.text);
  const said = parts ? el("div", { class: "sides" }, el("div", {}, el("b", {}, "expected"), parts[1] + parts[2]), el("div", {}, el("b", {}, "came"), parts[3])) : el("p", {}, one.text);
  return el("li", {}, el("p", { class: "quiet" }, one.place), said, one.details ? el("pre", {}, one.details) : null);
}

function showSource() {
  const bad = new Set(run.marked);
  $("source-title").title = run.file;
  $("source-title").textContent = run.file ? `Scenario ${run.file.split(/[\\/]/).pop()}` : "Scenario";
  fill($("source"), run.source ? run.source.split("\n").map((line, index) => el("li", { class: bad.has(index + 1) ? "bad" : null }, line || " ")) : [], "It has no file.");
  $("source").querySelector(".bad")?.scrollIntoView({ block: "center" });
}

function show(index) {
  run = report.runs[index];
  $("name").textContent = run.name;
  $("name").title = run.name;
  document.title = `${run.name}: ${run.verdict} - exchange-simulator`;
  $("verdict").textContent = run.verdict;
  $("verdict").classList.toggle("bad", run.failures.length > 0);
  $("facts").replaceChildren(...Object.entries({ ...run.facts, version: report.version }).map(([term, said]) => el("div", {}, el("dt", {}, `${term} `), el("dd", {}, said))));
  $("again").hidden = !run.again;
  $("again").firstElementChild.textContent = run.again;
  $("again").firstElementChild.title = run.again;
  $("failures").firstElementChild.replaceChildren(...run.failures.map(failure));
  $("slider").max = run.entries.length;
  showProducts();
  showSource();
  go(run.entries.length);
  $("lines").scrollTop = $("lines").scrollHeight;
}

$("runs").append(...report.runs.map((one, index) => el("option", { value: index }, `${one.verdict}: ${one.name}`)));
$("runs").hidden = report.runs.length < 2;
$("runs").addEventListener("change", () => show(Number($("runs").value)));
$("slider").addEventListener("input", () => go(Number($("slider").value)));
$("filter").addEventListener("input", showLines);
$("product").addEventListener("change", () => go(at));
$("lines").addEventListener("click", (event) => { const item = event.target.closest("li[data-at]"); if (item) go(Number(item.dataset.at)); });
$("copy").addEventListener("click", () => {
  const done = () => { $("copy").textContent = "copied"; setTimeout(() => { $("copy").textContent = "copy"; }, 1500); };
  navigator.clipboard?.writeText(run.again).then(done, () => getSelection().selectAllChildren($("again").firstElementChild));
});
const STEPS = { first: () => 0, back: () => at - 1, on: () => at + 1, last: () => run.entries.length };
const KEYS = { Home: "first", ArrowLeft: "back", ArrowRight: "on", End: "last" };
document.addEventListener("click", (event) => { const step = event.target.dataset?.go; if (step) go(STEPS[step]()); });
document.addEventListener("keydown", (event) => {
  if (event.target.matches("input[type=search], select")) { if (event.key === "Escape") event.target.blur(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); $("filter").focus(); }
  if (!KEYS[event.key]) return;
  event.preventDefault();
  go(STEPS[KEYS[event.key]]());
});
show(0);
