import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadDefault } from "./own-suite.ts";

// Here, `import` finds the package everywhere; `require` is Node's own. The last but one is what Node says of `import`.
test.each([
  ["require('webrl/sites');", "Install the webrl package in the folder of this file"],
  ["require('webrl');", "Install the webrl package in the folder of this file"],
  ["throw new Error(\"Cannot find package 'webrl' imported from site.mjs\");", "Install the webrl package"],
  ["require('webrl-elsewhere');", "Correct the file."],
])("a file that cannot be loaded says what to do: %s", async (text, hint) => {
  const folder = await mkdtemp(join(tmpdir(), "webrl-own-suite-"));
  const file = join(folder, "site.cjs");
  await writeFile(file, text);
  await expect(loadDefault(file)).rejects.toMatchObject({
    name: "ConfigError",
    message: expect.stringContaining(`${file} could not be loaded: `),
    hint: expect.stringContaining(hint),
  });
  await rm(folder, { recursive: true });
});
