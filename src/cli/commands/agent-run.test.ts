import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("an empty instruction is refused before anything is opened or written", async () => {
  const directory = await mkdtemp(join(tmpdir(), "webrl-empty-"));
  const out = join(directory, "record");
  const refused = await webrl(
    "agent",
    "run",
    " ",
    "--site",
    "storefront",
    "--model",
    "models/base",
    "--out",
    out,
  );
  expect(mistakeOf(refused)).toContain("the instruction is empty");
  expect(existsSync(out)).toBe(false);
  await rm(directory, { recursive: true });
});
