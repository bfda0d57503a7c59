// Drives a report from the disk in a real browser: one step a line of output, which the test compares.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , playwright, browserPath, file, stops] = process.argv;
const { chromium } = await import(pathToFileURL(playwright).href);
const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const browser = await chromium.launch({ executablePath: browserPath, args: quiet });
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
const requests = [];
const problems = [];
const own = pathToFileURL(file).href;
page.on("request", (request) => { if (request.url() !== own && !request.url().startsWith("data:")) requests.push(request.url()); });
page.on("console", (message) => { if (message.type() === "error") problems.push(message.text()); });
page.on("pageerror", (error) => problems.push(error.message));
page.on("dialog", (dialog) => { problems.push(`dialog ${dialog.message()}`); dialog.dismiss(); });
const say = (name, value) => console.log(JSON.stringify([name, value]));
const text = (selector) => page.locator(selector).first().innerText();

await page.goto(own);
say("title", await text("#name"));
say("marked", await text("#source .bad"));
say("sides", await page.locator("#failures .sides div").evaluateAll((sides) => sides.map((side) => side.lastChild.textContent)));
const shown = await page.evaluate((runs) => runs.map((lines, index) => {
  show(index);
  return lines.map((line) => {
    go(line);
    const { orders, told } = stateAt(at);
    const books = [...booksAt(line)].map(([product, sides]) => [product, sides.map((side) => Object.fromEntries(side))]);
    return {
      books: Object.fromEntries(books),
      orders: Object.fromEntries([...orders].map(([id, order]) => [id, [order.state, order.filled_qty, order.avg_fill_price]])),
      told: Object.fromEntries([...told].map(([id, order]) => [id, [order.state, order.filled_qty]])),
    };
  });
}), JSON.parse(readFileSync(stops, "utf8")));
say("stops", shown);
say("ladder", await page.locator("#ladder tbody tr").count());
await page.selectOption("#runs", "0");
await page.locator("body").press("End");
await page.fill("#filter", "<img");
say("filtered", await page.locator("#lines li[data-at]").count());
await page.fill("#filter", "");
await page.locator("#filter").press("Escape");
await page.keyboard.press("Home");
say("first", await text("#orders"));
await page.keyboard.press("ArrowRight");
await page.keyboard.press("End");
say("end", (await text("#where")).startsWith(`${await page.locator("#slider").getAttribute("max")} of `));
await page.selectOption("#runs", { label: "passed: other" });
say("what is not known", await text("#unknown"));
say("other", await text("#lines"));
say("requests", requests);
say("problems", problems);
await browser.close();
