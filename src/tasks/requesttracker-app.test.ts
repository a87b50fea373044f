import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SiteFinished } from "../sites/define-site.ts";
import { installApp } from "./apps.ts";
import { resetCopies, startCopies, stopCopies } from "./background-copies.ts";
import { freePort } from "./server-process.ts";
import { missingPackages } from "../apps/list.ts";
import { requesttracker } from "../apps/requesttracker/app.ts";
import { deskChecks } from "../apps/requesttracker/desk.ts";

const missing = missingPackages(requesttracker);

describe.skipIf(missing.length > 0)(`installed (missing: ${missing.join(", ") || "nothing"})`, () => {
  let directory: string;
  beforeAll(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "webrl-desk-")), "app");
    await installApp(requesttracker, directory);
  }, 600_000);
  afterAll(async () => rm(join(directory, ".."), { recursive: true }));

  test("its copies begin with the content, also where a half-made one lies, and get it back from the reset", async () => {
    const site = requesttracker.site(directory);
    const desk = deskChecks(directory);
    const port = await freePort();
    // This is what a killed start leaves behind.
    await mkdir(join(directory, "copies", String(port)), { recursive: true });
    await writeFile(join(directory, "copies", String(port), "rt.db"), "half");
    const finished = { port } as SiteFinished;
    const [copy] = await startCopies(site, directory, { copies: 1, port });
    try {
      expect(await desk.expectNoChange()(finished)).toEqual([]);
      const page = await (await fetch(copy!.baseUrl)).text();
      expect(page).toContain("Login");
      const database = join(directory, "copies", String(port), "rt.db");
      execFileSync("sqlite3", [database, "UPDATE Tickets SET Status = 'stalled' WHERE id = 3"]);
      expect(await desk.expectNoChange()(finished)).toEqual([
        'tickets.3.status: expected "new", got "stalled"',
      ]);
      expect(await desk.becomes(({ tickets }) => void (tickets[3]!.status = "stalled"))(finished)).toEqual(
        [],
      );
      await resetCopies(site, directory);
      expect(await desk.expectNoChange()(finished)).toEqual([]);
    } finally {
      await stopCopies(site, directory);
    }
  }, 600_000);
});
