import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeRun } from "../../dashboard/testing/made-run.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

test("report writes report.html into the run and says where it is", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-report-"));
  try {
    const run = join(directory, "run");
    await makeRun(run, { phases: 1, episodes: 3, tasks: 3 });
    const { report } = jsonOf<{ report: string }>(await webrl("report", run, "--json"));
    expect(report).toBe(join(run, "report.html"));
    expect(await readFile(report, "utf8")).toContain("<html");
    expect((await webrl("report", run)).stdout).toContain(report);
    expect(mistakeOf(await webrl("report", join(directory, "none")))).toContain("is not a run");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
