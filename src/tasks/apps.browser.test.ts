import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findApp, missingPackages } from "../apps/list.ts";
import { installApp } from "./apps.ts";
import { checkSuite } from "./check.ts";
import { createOwnSuite } from "./own-suite.ts";

/**
 * Applications that consist of Debian's packages alone. Each has a template that changes something, and the change must
 * be undone before the next episode.
 */
const PROVEN = [
  ["mediawiki", "undo-vandalism"],
  ["roundcube", "reply"],
] as const;

for (const [name, template] of PROVEN) {
  const app = findApp(name);
  const missing = missingPackages(app);
  const reason = missing.length > 0 ? ` (skipped: no ${missing.join(", ")})` : "";
  test.skipIf(missing.length > 0)(
    `${name} is installed, started and put back; an oracle passes, nothing and a wrong answer fail${reason}`,
    { timeout: 600_000 },
    async () => {
      const directory = await mkdtemp(join(tmpdir(), `webrl-${name}-`));
      try {
        const home = join(directory, "app");
        await installApp(app, home);
        const suite = createOwnSuite(app.site(home), home);
        await using site = await suite.createSite();
        const tasks = suite.tasks({ template: `${name}.${template}` }).slice(0, 1);
        const { templates } = await checkSuite(suite, site, { tasks, parallel: 1 });
        expect(templates.flatMap(({ failures }) => failures)).toEqual([]);
        expect(templates.map(({ passed }) => passed)).toEqual([1]);
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  );
}
