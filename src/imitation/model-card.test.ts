import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeModelCard } from "./model-card.ts";

test("the card of a new model names the sites on whose pages it was made, and no others", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-card-"));
  try {
    await writeModelCard(directory, { from: null, sites: ["desk", "wiki"], command: "x", facts: {} });
    const card = await readFile(join(directory, "README.md"), "utf8");
    expect(card).toContain("webrl trained from scratch on pages of desk, wiki.");
    expect(card).not.toContain("built-in");
  } finally {
    await rm(directory, { recursive: true });
  }
});
