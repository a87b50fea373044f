import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const tsx = pathToFileURL(
  createRequire(import.meta.url)
    .resolve("tsx/esm/api")
    .replace(/\.cjs$/, ".mjs"),
).href;

/** Makes an engine in a worker thread, opens the base model with it and prints the outcome. */
const script = `
  import(${JSON.stringify(tsx)}).then(async ({ register }) => {
    register();
    const { createOnnxEngine } = await import(${JSON.stringify(new URL("./engine.ts", import.meta.url).href)});
    const engine = createOnnxEngine();
    try {
      const model = await engine.open({ path: ${JSON.stringify(here("../../../models/base"))} });
      console.log("opened " + model.contextTokens);
    } catch (error) {
      console.log(error.name + ": " + error.message);
    }
    await engine[Symbol.asyncDispose]();
  });
`;
const inWorker = `new (require("node:worker_threads").Worker)(${JSON.stringify(script)}, { eval: true })`;

it("an engine in a thread that cannot switch the telemetry off is refused", async () => {
  const run = async (env: Record<string, string>) => {
    const { ORT_DISABLE_TELEMETRY: _, ...rest } = process.env;
    const options = { env: { ...rest, ...env }, cwd: here("../../..") };
    return (await promisify(execFile)(process.execPath, ["-e", inWorker], options)).stdout;
  };
  expect(await run({})).toMatch(/^ConfigError: .*worker thread while ORT_DISABLE_TELEMETRY is not set/);
  expect(await run({ ORT_DISABLE_TELEMETRY: "1" })).toBe("opened 2048\n");
});

it("only onnx-runtime.ts loads the library", async () => {
  const source = here("../..");
  const names = (await readdir(source, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
  const loading = [];
  for (const name of names.filter((each) => !each.endsWith(".test.ts"))) {
    const text = (await readFile(join(source, name), "utf8")).replaceAll(/^import type .*$/gm, "");
    if (/"onnxruntime-node["/]|vendor\/onnxruntime-node/.test(text)) loading.push(name);
  }
  expect(loading).toEqual(["engine/onnx/onnx-runtime.ts"]);
});
