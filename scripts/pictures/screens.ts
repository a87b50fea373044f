/**
 * @file Makes the screenshots of README and docs from local runs, and the picture that links to the project show:
 *
 *     npx tsx scripts/pictures/screens.ts RUN AGENT
 *
 * RUN is a finished training, AGENT the record of an agent at work (`webrl agent run --screenshots --out`). Writes into
 * `docs/pictures/`. Run it from the repository's root, where the models of both are.
 */

import { fileURLToPath } from "node:url";
import { launchBrowser } from "../../src/browser/launch.ts";
import { ICON_URL } from "../../src/dashboard/icon.ts";
import { serveDashboard } from "../../src/dashboard/serve.ts";
import { loadTokenizer } from "../../src/engine/onnx/tokenizer/load-tokenizer.ts";

const [training, agent] = process.argv.slice(2);
if (training === undefined || agent === undefined) {
  process.stderr.write("usage: screens.ts RUN AGENT\n");
  process.exit(2);
}
const picture = (name: string) => fileURLToPath(new URL(`../../docs/pictures/${name}`, import.meta.url));

const browser = await launchBrowser();
try {
  // Only local addresses are opened: any other would go to a proxy where nobody answers.
  const context = await browser.newContext({
    viewport: { width: 1180, height: 760 },
    colorScheme: "light",
    proxy: { server: "http://127.0.0.1:9", bypass: "127.0.0.1" },
  });
  const page = await context.newPage();
  await using dashboard = await serveDashboard({
    runs: [training, agent],
    port: 0,
    tokenizer: loadTokenizer,
  });
  const answer = await fetch(`${dashboard.url}api/runs`);
  const { runs } = (await answer.json()) as { runs: { key: string; head: { agent: object | null } }[] };
  const key = (isAgent: boolean) => {
    const found = runs.find((run) => (run.head.agent !== null) === isAgent);
    if (!found) throw new Error(`${isAgent ? agent : training} is not such a run`);
    return encodeURIComponent(found.key);
  };
  const shoot = async (hash: string, name: string, ready: string) => {
    await page.goto(`${dashboard.url}#/run/${key(hash === "agent")}${hash === "agent" ? "/episodes" : ""}`);
    if (hash === "agent") await page.locator(".virtual li > a").first().click();
    await page.locator(ready).first().waitFor();
    await page.waitForTimeout(500);
    // Where the run lies on this machine is nobody's business.
    await page.evaluate(() => {
      for (const line of document.querySelectorAll("h1 + .dim"))
        line.textContent = line.textContent!.replace(/ · \S*\//, " · runs/");
    });
    await page.screenshot({ path: picture(name) });
  };
  await shoot("training", "dashboard.png", "svg.chart");
  await shoot("agent", "agent-at-work.png", "svg.screen");

  // A page of its own: the dashboard's policy refuses styles like these.
  const card = await browser.newPage({ viewport: { width: 1280, height: 640 } });
  await card.setContent(`<body style="margin:0;display:grid;place-content:center;justify-items:center;gap:28px;width:1280px;height:640px;
    background:#0f1720;color:#e7ebf0;font-family:system-ui,'Noto Sans',sans-serif"><img src="${ICON_URL}" width="150" height="150" alt="">
    <div style="font-size:84px;font-weight:650;letter-spacing:-2px">webrl</div>
    <div style="font-size:32px;color:#a3adba">Train language models to operate web sites, in TypeScript</div></body>`);
  await card.screenshot({ path: picture("social.png") });
} finally {
  await browser.close();
}
