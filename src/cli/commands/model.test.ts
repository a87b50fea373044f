import { expect, test } from "vitest";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

test("model info says what a directory holds, with checksums", async () => {
  const info = jsonOf<{
    parameters: number;
    architecture: string;
    files: { name: string; sha256: string }[];
  }>(await webrl("model", "info", "models/base", "--json"));
  expect(info.parameters).toBeGreaterThan(1e6);
  const weights = info.files.find(({ name }) => name === "model.safetensors");
  // The card that is shipped with it says the same.
  const { stdout } = await webrl("model", "info");
  expect(stdout).toContain(info.architecture);
  expect(stdout.split(weights!.sha256).length).toBeGreaterThan(2);
});

test("model info of something else is the user's mistake", async () => {
  expect(mistakeOf(await webrl("model", "info", "src"))).toContain(
    'names no model: "src" is not a directory',
  );
});
