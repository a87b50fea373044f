import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AgentResult } from "../core/agent-result.ts";
import type { Trajectory } from "../core/trajectory.ts";
import { episodeDetail, phaseEpisodes } from "../dashboard/episodes.ts";
import { overview } from "../dashboard/overview.ts";
import { writeReport } from "../dashboard/report.ts";
import { openRunFiles } from "../run/run-files.ts";
import { readRunInfo } from "../run/run-directory.ts";
import { parseAction } from "../text/action.ts";
import { judgeRun } from "./judge.ts";
import { openRecord } from "./record.ts";

let directory: string;
beforeEach(async () => void (directory = await mkdtemp(join(tmpdir(), "webrl-record-"))));
afterEach(() => rm(directory, { recursive: true }));

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

const result = (over: Partial<AgentResult> = {}): AgentResult => ({
  outcome: "done",
  reason: "the agent says that it is done",
  answer: "$12",
  unsupported: false,
  evidence: [
    {
      url: "http://shop.test/lamp",
      title: "Lamp",
      step: 0,
      passages: [{ text: "Price <b>$12</b>", element: null }],
      screenshot: null,
    },
  ],
  picture: null,
  ...over,
});

const trajectory = (id: string, over: Partial<Trajectory> = {}): Trajectory => ({
  id,
  task: {
    id,
    sites: ["shop"],
    instruction: "What does the lamp cost?",
    startUrl: "http://shop.test/",
    templateId: null,
    params: {},
    category: "navigation",
    difficulty: 1,
    split: "train",
  },
  policy: "scripted",
  seed: 1,
  steps: [
    {
      index: 0,
      observation: {
        format: "compact",
        url: "http://shop.test/lamp",
        title: "Lamp",
        tabs: [],
        scroll: { top: 0, viewport: 720, page: 720 },
        focused: null,
        error: null,
        text: "Lamp\nshop.test/lamp\n---\nPrice $12",
        elements: [],
      },
      response: 'exit(message="$12")',
      action: parseAction('exit(message="$12")'),
    },
  ],
  ending: { kind: "terminated", reason: "exit", answer: "$12" },
  finalObservation: null,
  blockedHosts: {},
  ...over,
});

test("dashboard and report read an agent's directory, and miss nothing that only training leaves", async () => {
  {
    await using record = await openRecord(directory, { site: "shop", model: "scripted" });
    const id = record.nextRunId();
    const picture = await record.keepPicture(id, 1, PNG);
    record.keepRun(trajectory(id), result({ picture }), 1200);
    const unsupported = result({ unsupported: true, evidence: [] });
    const second = record.nextRunId();
    record.keepRun(trajectory(second), unsupported, 900);
  }
  const { id } = await judgeRun(directory, { success: false, reason: "made up" });
  const files = openRunFiles(directory);
  const view = await overview(files);
  expect(view).toMatchObject({
    head: { method: "agent on shop with scripted", agent: { site: "shop" } },
    progress: { state: "finished" },
    problems: [],
  });
  const episodes = await phaseEpisodes(files, 0, "rollout");
  expect(episodes).toMatchObject([
    { instruction: "What does the lamp cost?", steps: 1, judged: null },
    { id, judged: { by: "person", success: false } },
  ]);
  expect((await episodeDetail(files, 0, "rollout", id))?.result).toMatchObject({ unsupported: true });
  const html = await readFile(await writeReport(directory), "utf8");
  expect(html).toContain("agent on shop with scripted");
  expect(html).toContain("Price &lt;b&gt;$12&lt;/b&gt;");
  expect(html).toContain("Unsupported: no page");
  expect(html).toContain("person: failure, made up");
  expect(html).toContain("data:image/png;base64,");
});

test("a directory is gone on with, and its runs have ids of their own", async () => {
  const ids: string[] = [];
  for (let i = 0; i < 2; i++) {
    await using record = await openRecord(directory, { site: "shop", model: "scripted" });
    const id = record.nextRunId();
    record.keepRun(trajectory(id), result(), 1);
    ids.push(id);
  }
  expect(new Set(ids).size).toBe(2);
  expect(await phaseEpisodes(openRunFiles(directory), 0, "rollout")).toHaveLength(2);
});

test("what trains does not take it for a run", async () => {
  await using _ = await openRecord(directory, { site: "shop", model: "scripted" });
  await expect(readRunInfo(directory)).rejects.toThrow("is an agent's directory");
});

test("a run that the world broke cannot be judged", async () => {
  {
    await using record = await openRecord(directory, { site: "shop", model: "scripted" });
    const ending = { kind: "faulted", code: "site_down", message: "503" } as const;
    record.keepRun(trajectory(record.nextRunId(), { ending }), result({ outcome: "faulted" }), 1);
  }
  await expect(judgeRun(directory, { success: true })).rejects.toThrow("ended by a fault of the world");
});
