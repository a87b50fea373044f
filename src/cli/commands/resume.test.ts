import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { mistakeOf, webrl } from "../testing/webrl.ts";

test("resume of something that is no run is the user's mistake", async () => {
  expect(mistakeOf(await webrl("resume", tmpdir()))).toContain("is not a run");
  expect(mistakeOf(await webrl("resume"))).toContain("missing required argument");
  expect(mistakeOf(await webrl("resume", tmpdir(), "--phases", "two"))).toContain("whole number");
});
