import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingPackages } from "../apps/list.ts";
import { roundcube } from "../apps/roundcube/app.ts";
import { installApp } from "./apps.ts";
import { closeInstance, openInstance } from "./own-instance.ts";

const missing = missingPackages(roundcube);

test.skipIf(missing.length > 0)(
  `a copy ends when its mail server or its sink of mail does (missing: ${missing.join(", ") || "nothing"})`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "webrl-mail-"));
    const directory = join(folder, "app");
    try {
      await installApp(roundcube, directory);
      for (const helper of ["/usr/sbin/dovecot -F ", "php sink.php "]) {
        const copy = await openInstance(roundcube.site(directory), directory, 0, undefined);
        try {
          expect(await copy.server!.isRunning()).toBe(true);
          const found = execFileSync("pgrep", ["-f", `^${helper}.*${copy.port}`], { encoding: "utf8" });
          process.kill(Number(found.trim()), "SIGKILL");
          await expect.poll(() => copy.server!.isRunning(), { timeout: 20_000 }).toBe(false);
        } finally {
          await closeInstance(copy);
        }
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  300_000,
);
