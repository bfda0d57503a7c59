// Opens the page, watches it for some seconds while others trade, and prints what it cost as one line of JSON.
import { pathToFileURL } from "node:url";

const [, , playwright, browserPath, url, seconds] = process.argv;
const { chromium } = await import(pathToFileURL(playwright).href);
const quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"];
const browser = await chromium.launch({ executablePath: browserPath, args: [...quiet, "--enable-precise-memory-info"] });
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
const session = await page.context().newCDPSession(page);
await session.send("Network.enable");
let bytes = 0;
session.on("Network.dataReceived", (event) => { bytes += event.encodedDataLength || event.dataLength; });
await page.goto(url);
await page.locator("#scenario").waitFor();
const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null);
await page.evaluate(() => {
  window.gaps = [];
  let before = performance.now();
  const look = () => { const now = performance.now(); window.gaps.push(now - before); before = now; requestAnimationFrame(look); };
  requestAnimationFrame(look);
  window.delays = [];
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      const sent = /marker-(\d+)/.exec(node.textContent);
      if (sent) window.delays.push(Date.now() - Number(sent[1]));
    }
  }).observe(document.getElementById("lines"), { childList: true });
});
console.log(JSON.stringify({ ready: true }));
const heaps = [];
bytes = 0;
for (let second = 0; second < Number(seconds); second += 1) {
  await page.waitForTimeout(1000);
  heaps.push(await page.evaluate(() => performance.memory.usedJSHeapSize));
}
const received = bytes;
const gaps = (await page.evaluate(() => window.gaps)).sort((one, other) => one - other);
const at = (share) => gaps[Math.min(gaps.length - 1, Math.floor(gaps.length * share))];
console.log(JSON.stringify({
  first_paint_ms: paint, frames: gaps.length, frame_median_ms: at(0.5), frame_99_ms: at(0.99), frame_longest_ms: gaps.at(-1),
  bytes_per_second: received / Number(seconds), heap_middle: heaps[Math.floor(heaps.length / 2)], heap_end: heaps.at(-1),
  shown_after_ms: await page.evaluate(() => window.delays), rows: await page.locator("#lines li").count(), left_out: await page.locator("#left-out").innerText(),
}));
await browser.close();
