// A headless browser on the playground's page: told what to do on stdin, a JSON line each, answering a line each.
//   node teams_browser.mjs PLAYWRIGHT CHROMIUM ADDRESS
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [playwright, executablePath, address] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
// No name is looked up: the page is to work without a network, and reach none.
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, timezoneId: "Europe/Paris" });
const asked = [];
page.on("request", (request) => {
  if (!request.url().startsWith(address) && /^https?:/.test(request.url())) asked.push(request.url());
});
page.setDefaultTimeout(20000);

const doings = {
  open: async () => {
    await page.goto(address, { waitUntil: "domcontentloaded", timeout: 20000 });
    await page.getByText("Personal Chat").first().waitFor({ timeout: 20000 });
  },
  show: async (words) => {
    await page.getByText(words, { exact: true }).first().click();
    // Until it is shown, what is typed would go to the chat before, which has the very same box.
    await page.waitForTimeout(1500);
  },
  see: async (words) => {
    await page.getByText(words).first().waitFor();
  },
  press: async (words) => {
    await page.getByRole("button", { name: words, exact: true }).last().click();
  },
  write: async (words) => {
    await page.locator('[contenteditable="true"][role="textbox"]').last().click();
    await page.keyboard.type(words);
  },
  choose: async (words) => {
    await page.getByText(words, { exact: true }).last().click();
  },
  key: async (name) => {
    await page.keyboard.press(name);
  },
  fill: async ([number, words]) => {
    const fields = page.locator("input[type=text]");
    await fields.nth(number < 0 ? (await fields.count()) + number : number).fill(words);
  },
  text: async () => page.locator("body").innerText(),
  screenshot: async (path) => {
    await page.screenshot({ path });
  },
  outside: async () => asked,
};

for await (const line of createInterface({ input: process.stdin })) {
  const [doing, argument] = JSON.parse(line);
  try {
    process.stdout.write(JSON.stringify({ answer: (await doings[doing](argument)) ?? null }) + "\n");
  } catch (problem) {
    process.stdout.write(JSON.stringify({ problem: String(problem) }) + "\n");
  }
}
await browser.close();
