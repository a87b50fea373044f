import { appendFile, mkdtemp, readFile, rm, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../core/errors.ts";
import { createContext } from "../train/context.ts";
import { train } from "../train/loop.ts";
import { createRun } from "../run/run-directory.ts";
import { runInfo } from "../run/run-info.ts";
import { fakeConfig, fakeParts, makeFakeBase } from "../train/testing/fake-run.ts";
import { writeReport } from "./report.ts";
import { makeRun } from "./testing/made-run.ts";

let world: string;
beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-report-"));
});
afterAll(() => rm(world, { recursive: true, force: true }));

describe("the report of a run", () => {
  it("has every part of a run that the loop made", async () => {
    const { base, demonstrations } = await makeFakeBase(join(world, "fake"));
    const directory = join(world, "fake", "run");
    {
      await using run = await createRun(directory, runInfo(fakeConfig(base)), () => {});
      await train(createContext(run, fakeParts(demonstrations)));
    }
    const path = await writeReport(directory);
    expect(path).toBe(join(directory, "report.html"));
    const html = await readFile(path, "utf8");
    for (const part of ["Learning curve", "Lineage", "Outcome reward model", "Time by stage", "Critic"])
      expect(html).toContain(part);
    for (const plot of ["Actor&#39;s loss", "Throughput", "Success of rollouts by template"])
      expect(html).toContain(plot);
    expect(html).not.toContain("This run is incomplete");
  });

  it("shows the reward model's mistakes, the most confident first, with what the verifier says", async () => {
    const directory = await makeRun(join(world, "mistakes"), { seed: 4 });
    const html = await readFile(await writeReport(directory), "utf8");
    const [, total, , shown] = /(\d+) of (\d+) verdicts are wrong; (\d+) of them/.exec(html)!.map(Number);
    expect(total).toBeGreaterThanOrEqual(shown!);
    expect(shown).toBeGreaterThan(1);
    const said = [...html.matchAll(/(wrongly rewarded|success missed)[^]*?orm said (\d\.\d\d)/g)];
    expect(said.length).toBe(shown);
    for (const [, kind, probability] of said)
      expect([kind, Number(probability) >= 0.5]).toEqual([kind, kind === "wrongly rewarded"]);
    const rewarded = said.flatMap(([, kind, p]) => (kind === "wrongly rewarded" ? [Number(p)] : []));
    expect(rewarded).toEqual([...rewarded].sort((a, b) => b - a));
    expect(html).toContain("verifier: expected");
    expect(html).toContain("Calibration");
  });

  it("says nothing of a reward model where the verifier gave the reward", async () => {
    const directory = await makeRun(join(world, "verified"), { judge: "verifier" });
    const html = await readFile(await writeReport(directory), "utf8");
    expect(html).toContain("Rollouts");
    expect(html).not.toMatch(/reward model|success \(reward\)|Calibration|wrongly rewarded/);
  });

  it("says what its chat model took, over all stages", async () => {
    const directory = await makeRun(join(world, "chat"));
    expect(await readFile(await writeReport(directory), "utf8")).not.toContain("Judge and proposer");
    const asked = {
      "chat/requests": 3,
      "chat/prompt_tokens": 900,
      "chat/completion_tokens": 30,
      "chat/cost": 0.25,
    };
    for (const stage of ["judge", "curriculum"])
      await appendFile(
        join(directory, "metrics.jsonl"),
        `${JSON.stringify({ time: "2026-03-16T10:00:00.000Z", phase: 1, stage, ...asked })}\n`,
      );
    expect(await readFile(await writeReport(directory), "utf8")).toContain(
      "6 requests, 1,800 tokens read, 60 written, cost 0.5.",
    );
  });

  it("needs nothing from outside and shows captured text as text", async () => {
    const hostile = ` <script>alert(1)</script><img src="http://evil.test/x" onerror=alert(2)>`;
    const directory = await makeRun(join(world, "hostile"), { screenshots: true, hostile });
    const html = await readFile(await writeReport(directory), "utf8");
    expect(html).toContain("&lt;script&gt;alert(1)");
    expect(html).not.toMatch(/<script/i);
    expect(html).not.toMatch(/<img/i);
    // Every source of a picture is inside, and no style sheet loads another.
    const sources = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);
    expect(sources.length).toBeGreaterThan(0);
    expect(sources.filter((source) => !/^(data:image\/(png;base64|svg\+xml),|#)/.test(source))).toEqual([]);
    expect(html).not.toMatch(/@import|url\(/);
    expect(html).toMatch(/default-src &#39;none&#39;|default-src 'none'/);
  });

  it("opens what is damaged or half-written and says what is missing", async () => {
    const directory = await makeRun(join(world, "damaged"), { unfinished: true });
    await appendFile(join(directory, "events.jsonl"), '{"time":"2026-0');
    await truncate(join(directory, "phases/01/evaluation.json"), 10);
    await appendFile(join(directory, "phases/02/verdicts.jsonl"), "not json\n");
    const html = await readFile(await writeReport(directory), "utf8");
    expect(html).toContain("This run is incomplete");
    expect(html).toContain("events.jsonl ends in the middle of a line");
    expect(html).toContain("phases/01/evaluation.json is not complete JSON");
    expect(html).toMatch(/phases\/02\/verdicts\.jsonl:\d+ cannot be read/);
  });

  it("refuses a directory that does not exist", async () => {
    await expect(writeReport(join(world, "nowhere"))).rejects.toThrow(ConfigError);
  });
});
