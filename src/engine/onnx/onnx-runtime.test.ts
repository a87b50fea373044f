import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../../core/errors.ts";
import { findRuntime, loadRuntime, type FoundRuntime } from "./onnx-runtime.ts";

const onLinuxX64 = process.platform === "linux" && process.arch === "x64";

/** A package whose entry runs `code`. Returns the path of its package.json. */
async function fakePackage(version: string, code = ""): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "webrl-runtime-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  await writeFile(join(directory, "package.json"), JSON.stringify({ version, main: "index.js" }));
  await writeFile(join(directory, "index.js"), code);
  return join(directory, "package.json");
}

function failure(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return error as ConfigError;
  }
  throw new Error("nothing was thrown");
}

describe("which copy is taken", () => {
  test("an installed onnxruntime-node of the right release comes first", async () => {
    const [installed, shipped] = [await fakePackage("1.30.4"), await fakePackage("1.30.0")];
    expect(findRuntime(installed, shipped)).toMatchObject({ source: "installed", version: "1.30.4" });
  });

  test.runIf(onLinuxX64)("another release beside webrl leaves the shipped copy", async () => {
    const [installed, shipped] = [await fakePackage("1.24.1"), await fakePackage("1.30.0")];
    expect(findRuntime(installed, shipped)).toMatchObject({ source: "shipped", version: "1.30.0" });
    expect(findRuntime(null, shipped)).toMatchObject({ source: "shipped" });
  });

  test("without a copy that fits, the command that installs one is named", async () => {
    const installed = await fakePackage("1.24.1");
    const wrong = failure(() => findRuntime(installed, "/nowhere/package.json"));
    expect(wrong.message).toBe("the engine needs onnxruntime-node 1.30, and 1.24.1 is installed");
    const none = failure(() => findRuntime(null, "/nowhere/package.json"));
    expect(none.message).toMatch(/onnxruntime-node is not installed/);
    for (const { hint } of [wrong, none]) expect(hint).toBe("Run `npm install onnxruntime-node@1.30`.");
  });
});

describe("a library that does not load says what to do", () => {
  test.each([
    ["/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found", /glibc 2\.28 or newer/],
    ["Error loading shared library ld-linux-x86-64.so.2: No such file or directory", /not Alpine/],
    ["libstdc++.so.6: cannot open shared object file: No such file", /package that has libstdc\+\+\.so\.6/],
    ["libonnxruntime.so.1: cannot open shared object file: No such file", /install webrl again/],
    ["/x/onnxruntime_binding.node: file too short", /install webrl again/],
  ])("%s", async (message, hint) => {
    const manifest = await fakePackage("1.30.0", `throw new Error(${JSON.stringify(message)})`);
    const found = findRuntime(manifest);
    const error = failure(() => loadRuntime(found));
    expect(error.message).toContain(message);
    expect(error.message).toContain(found.directory);
    expect(error.hint).toMatch(hint);
  });

  test("so does a binary that was cut off", async () => {
    const manifest = await fakePackage("1.30.0", `require("./binding.node")`);
    const found: FoundRuntime = findRuntime(manifest);
    await writeFile(join(found.directory, "binding.node"), "\x7fELF");
    expect(failure(() => loadRuntime(found)).hint).toMatch(/install webrl again/);
  });
});
