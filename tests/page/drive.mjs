// Drives the page in a real browser: one step a line of output, which the test compares.
import { pathToFileURL } from "node:url";

const [, , playwright, browserPath, url, host] = process.argv;
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
await page.keyboard.press("n");
await page.locator("#orders article", { hasText: "0.8 filled" }).first().waitFor();
say("next event", (await text("#now")).endsWith(".250000000"));

const injected = [];
await page.route("**/_exchange/do", (route) => { injected.push(route.request().postDataJSON().steps); route.fulfill({ json: {} }); });
for (const button of await page.locator("#orders article .acts button, #tape button, #sessions article .acts button").all()) {
  const label = await button.innerText();
  await button.click();
  while (injected.at(-1)?.length !== 1) await page.waitForTimeout(5);
  injected.push([label, ...injected.pop()]);
}
await page.unroute("**/_exchange/do");
say("injected", injected);

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

await page.locator("#rules button").first().click();
await page.locator("#rules button", { hasText: "off" }).waitFor();
say("rule", "off");

await page.locator("#editor summary").click();
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
