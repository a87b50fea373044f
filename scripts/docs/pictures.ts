/**
 * @file Makes the pictures of the agent at work in README and docs from the examples: `npx tsx
 * scripts/docs/pictures.ts`. With a directory as its argument, it writes into it every view of the widget and of the
 * operators' pages, light, dark and as wide as a phone, for a person to look at.
 */

import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { launchBrowser } from "../../src/browser/launch.ts";
import { clerk } from "../../examples/agent-service.ts";
import { serveCustomers } from "../../src/agent/service/serve.ts";
import type { ServiceSettings } from "../../src/agent/service/policy.ts";
import { clerk as shopkeeper } from "../../src/agent/batch/testing/clerk.ts";
import { runShop } from "../../examples/agent-batch.ts";

const PICTURES = "docs/pictures";
const looks = process.argv[2];
const folder = looks ?? PICTURES;
await mkdir(folder, { recursive: true });
const scratch = await mkdtemp(join(tmpdir(), "webrl-pictures-"));

type View = { name: string; scheme: "light" | "dark"; width: number; height: number };
const VIEWS: readonly View[] =
  looks === undefined
    ? [{ name: "", scheme: "light", width: 1000, height: 700 }]
    : [
        { name: "-light", scheme: "light", width: 1000, height: 700 },
        { name: "-dark", scheme: "dark", width: 1000, height: 700 },
        { name: "-phone", scheme: "light", width: 390, height: 760 },
      ];

const browser = await launchBrowser();
try {
  for (const view of VIEWS) {
    const { name, scheme, width, height } = view;
    // Only this machine can be reached.
    const proxy = { server: "http://127.0.0.1:9", bypass: "127.0.0.1" };
    const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, proxy });
    await customerService(context, name);
    await context.close();
  }
  if (looks === undefined) await batchReport();
} finally {
  await browser.close();
  await rm(scratch, { recursive: true });
}

async function keep(page: Page, name: string): Promise<void> {
  await page.waitForTimeout(300);
  await writeFile(join(folder, `${name}.png`), await page.screenshot({ type: "png" }));
}

/** A customer cancels an order; here a person of the shop has to agree to that. */
async function customerService(context: BrowserContext, name: string): Promise<void> {
  const policy = JSON.parse(await readFile("examples/agent-service.json", "utf8")) as ServiceSettings;
  const { rules } = policy.safety as { rules: { verdict: string }[] };
  rules[0]!.verdict = "ask";
  const server = await serveCustomers({
    site: "store-admin",
    model: clerk,
    policy,
    port: 0,
    directory: join(scratch, `service${name}`),
  });
  try {
    const page = await context.newPage();
    await page.goto(server.url);
    if (looks) await keep(page, `widget-closed${name}`);
    const launcher = page.locator(".launcher");
    if (await launcher.isVisible()) await launcher.click();
    if (looks) await keep(page, `widget-open${name}`);
    await write(page, "Please cancel my order.");
    await page.getByLabel("Order number").waitFor();
    if (looks) await keep(page, `widget-form${name}`);
    await identify(page);
    await page.getByRole("button", { name: "Yes, do it" }).waitFor();
    if (looks) await keep(page, `widget-confirm${name}`);
    else await writeFile(join(folder, "customer-service.png"), await page.locator("#panel").screenshot());
    await page.getByRole("button", { name: "Yes, do it" }).click();
    await page.getByText("A colleague has to agree").waitFor();
    if (looks) await keep(page, `widget-waits${name}`);
    const operator = await context.newPage();
    // The address contains the key that signs in.
    await operator.goto(server.operatorUrl);
    await operator.getByRole("heading", { name: "Conversations" }).waitFor();
    if (looks) await keep(operator, `operator-list${name}`);
    await operator
      .getByRole("link", { name: /customer|agent/ })
      .first()
      .click();
    await operator.getByRole("button", { name: "Approve" }).waitFor();
    await keep(operator, `operator${name}`);
    if (looks) {
      const whole = await operator.screenshot({ type: "png", fullPage: true });
      await writeFile(join(folder, `operator-whole${name}.png`), whole);
    }
    await operator.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Your order is canceled.").waitFor();
    if (looks) await keep(page, `widget-done${name}`);
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

async function write(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.getByRole("button", { name: "Send" }).click();
}

async function identify(page: Page): Promise<void> {
  await page.getByLabel("Order number").fill("1361");
  await page.getByLabel("E-mail address").fill("emma.lopez@mail.test");
  await page.getByRole("button", { name: "Continue" }).click();
}

/** The report of a batch: one price changed, one refused by the rule, one that is not a number. */
async function batchReport(): Promise<void> {
  const [, changed] = await runShop(shopkeeper, () => {});
  const { report } = changed!.files;
  const page = await browser.newPage({ viewport: { width: 1000, height: 620 } });
  await page.goto(pathToFileURL(report).href);
  await keep(page, "batch-report");
}
