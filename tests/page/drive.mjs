// Drives the page in a real browser: one step a line of output, which the test compares.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , playwright, browserPath, url, host, buttons] = process.argv;
const { chromium } = await import(pathToFileURL(playwright).href);
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: browserPath, args: quiet });
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
const foreign = [];
const problems = [];
page.on("request", (request) => { if (new URL(request.url()).host !== host && !request.url().startsWith("data:")) foreign.push(request.url()); });
page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("status of 422")) problems.push(message.text()); });
page.on("pageerror", (error) => problems.push(error.message));
page.on("dialog", (dialog) => { problems.push(`dialog ${dialog.message()}`); dialog.dismiss(); });

const say = (name, value) => console.log(JSON.stringify([name, value]));
const text = (selector) => page.locator(selector).first().innerText();

await page.goto(url);
await page.locator("#lines li", { hasText: "SendLimitOrder" }).first().waitFor();
say("title", await text("#scenario"));
say("order", await text("#orders article header"));
say("script stays text", await page.locator("#lines li", { hasText: "<script>" }).count() > 0);
say("what is markup in it", await page.locator("#lines script, #lines img, #lines b").count());
say("clock", await page.locator("[data-clock=paused]").getAttribute("aria-pressed"));

await page.locator("#lines li", { hasText: "SendLimitOrder" }).first().click();
say("detail", (await text("#detail-text")).includes('"type": "SendLimitOrder"'));
await page.locator("#effect").click();
say("what it caused", (await text("#detail-text")).includes("slow"));
await page.locator("#cause").click();
say("what caused it", (await text("#detail-text")).includes('"type": "SendLimitOrder"'));
await page.keyboard.press("Escape");
say("closed", await page.locator("#detail").isHidden());

await page.keyboard.press("/");
const found = {};
for (const filter of ["type:sendlimit", "id:2", "order:1", 'rule:"slow"', "kind:rule", "#1 kind:open", "id:nothing"]) {
  await page.locator("#filter").fill(filter);
  found[filter] = await page.locator("#lines li:not(.empty)").count();
}
say("found", found);
await page.locator("#filter").fill("");
await page.locator("#rules button.link").first().click();
say("by a click", await page.inputValue("#filter"));
await page.locator("#filter").fill("");
await page.keyboard.press("Escape");
say("own", await page.locator("#ladder td.own", { hasText: "#1" }).count());
say("truth and told", await page.locator("#orders article").first().locator(".life td").allInnerTexts());

await page.locator("#orders article .acts button").first().focus();
await page.keyboard.press("n");
await page.locator("#orders article", { hasText: "0.8 filled" }).first().waitFor();
say("the focus stays", await page.evaluate(() => document.activeElement.textContent));
say("next event", (await text("#now")).endsWith(".250000000"));

const all = "#orders article .acts button, #tape li > button:last-child, #sessions article .acts button";
for (const [world, place] of JSON.parse(buttons)) {
  await page.locator("#worlds button", { hasText: new RegExp(`^${world}$`) }).click();
  await page.locator("#address", { hasText: new RegExp(`/worlds/${world}$`) }).waitFor();
  await page.locator("#tape li button").first().waitFor();
  const answered = page.waitForResponse((response) => response.url().endsWith(`/worlds/${world}/do`));
  if (place === 0) say("buttons", await page.locator(all).allInnerTexts());
  await page.locator(all).nth(place).click();
  say(`injected ${world}`, (await answered).status());
}
await page.locator("#worlds button", { hasText: /^own$/ }).click();
await page.locator("#lines li", { hasText: "SendLimitOrder" }).first().waitFor();

await page.locator("#due button", { hasText: "release" }).click();
await page.locator("#orders article", { hasText: "Filled" }).first().waitFor();
await page.locator("#due .empty").waitFor();
say("released", 1);

await page.fill("#step", '{"halt": "All"}');
await page.locator("#inject button").click();
await page.locator("#done", { hasText: "done" }).waitFor();
await page.fill("#step", '{"hlt": "All"}');
await page.locator("#inject button").click();
await page.locator("#done.bad", { hasText: "did you mean 'halt'?" }).waitFor();
say("steps", "done and refused");

await page.locator("#rules button.push").first().click();
await page.locator("#rules button.push", { hasText: "off" }).waitFor();
say("rule", "off");

await page.locator("#editor summary").click();
await page.locator("#apply:enabled").waitFor();
say("the scenario that runs", (await page.inputValue("#yaml")).startsWith("rules:"));
const downloaded = page.waitForEvent("download");
await page.locator("#save").click();
say("saved", readFileSync(await (await downloaded).path(), "utf8") === await page.inputValue("#yaml"));
await page.fill("#yaml", "rules:\n  - when: {request: SendLimitOrdr}\n    then: [ack]\n");
await page.locator("#problems li", { hasText: "2:21" }).waitFor();
say("apply a broken edit", await page.locator("#apply").isDisabled());
await page.fill("#yaml", "clock: manual\nrules:\n  - when: {request: GetHalts}\n    then: [{reply: {Err: closed}}]\n");
await page.locator("#problems li").waitFor({ state: "detached" });
await page.locator("#apply:enabled").click();
await page.locator("#orders .empty").waitFor();
say("applied", "anew");

await page.fill("#filter", "nothing like this");
say("filtered", await text("#lines li"));
say("foreign requests", foreign);
say("problems", problems);
await browser.close();
