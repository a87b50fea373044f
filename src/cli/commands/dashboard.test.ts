import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { makeRun } from "../../dashboard/testing/made-run.ts";
import { interruption } from "../command.ts";
import { mistakeOf, webrl } from "../testing/webrl.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-dashboard-"));
  await makeRun(join(directory, "run"), { phases: 1, episodes: 2, tasks: 2 });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test("dashboard refuses a directory that is not there and a port that is in use", async () => {
  expect(mistakeOf(await webrl("dashboard", join(directory, "none")))).toContain("does not exist");
  expect(mistakeOf(await webrl("dashboard", directory, "--port", "70000"))).toContain("at most 65535");
  const taken = createServer().listen(0, "127.0.0.1");
  await vi.waitUntil(() => taken.listening);
  const { port } = taken.address() as AddressInfo;
  expect(mistakeOf(await webrl("dashboard", directory, "--port", String(port)))).toContain("in use");
  taken.close();
});

test("dashboard serves the runs of a directory until it is interrupted", async () => {
  const log = vi.spyOn(console, "log");
  const running = webrl("dashboard", directory, "--port", "0", "--json");
  const url = await vi.waitUntil(
    () => {
      const text = log.mock.calls.flat().join("");
      return text.includes("url") && (JSON.parse(text) as { url: string }).url;
    },
    { timeout: 20_000 },
  );
  const { runs } = (await (await fetch(`${url}api/runs`)).json()) as { runs: { key: string }[] };
  expect(runs.map(({ key }) => key)).toEqual(["run"]);
  interruption.abort(new Error("interrupted"));
  expect((await running).status).toBe(0);
  await expect(fetch(url)).rejects.toThrow("fetch failed");
});
