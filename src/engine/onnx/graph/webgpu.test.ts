import { execFile } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { brotliDecompressSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";

import { caseNames } from "../fixtures-grad/cases.ts";
import type { CaseLine } from "../fixtures-grad/run-cases.ts";

const run = promisify(execFile);
const directory = await mkdtemp(join(tmpdir(), "webrl-swiftshader-"));
afterAll(() => rm(directory, { recursive: true, force: true }));

/** SwiftShader, the Vulkan driver on the CPU that the Chromium package brings; a reason if it is not available. */
async function unpackDriver(): Promise<{ env: NodeJS.ProcessEnv } | { missing: string }> {
  if (process.platform !== "linux" || process.arch !== "x64")
    return { missing: `the Chromium package has no Vulkan driver for ${process.platform}-${process.arch}` };
  const packageFile = createRequire(import.meta.url).resolve("@sparticuz/chromium");
  const archive = join(packageFile.slice(0, packageFile.indexOf("/build/")), "bin/swiftshader.tar.br");
  try {
    await access(archive);
  } catch {
    return { missing: `${archive} does not exist` };
  }
  const tar = join(directory, "driver.tar");
  await writeFile(tar, brotliDecompressSync(await readFile(archive)));
  await run("tar", ["-C", directory, "-xf", tar]);
  return {
    env: {
      ...process.env,
      LD_LIBRARY_PATH: directory,
      VK_ICD_FILENAMES: join(directory, "vk_swiftshader_icd.json"),
    },
  };
}

async function runOnWebGpu(env: NodeJS.ProcessEnv): Promise<Map<string, CaseLine>> {
  const loader = pathToFileURL(
    join(dirname(createRequire(import.meta.url).resolve("tsx/package.json")), "dist/loader.mjs"),
  ).href;
  const script = fileURLToPath(new URL("../fixtures-grad/run-cases.ts", import.meta.url));
  const { stdout } = await run(process.execPath, ["--import", loader, script, "webgpu"], {
    env,
    timeout: 120_000,
  });
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  return new Map(lines.map((line) => JSON.parse(line) as CaseLine).map((line) => [line.name, line]));
}

const driver = await unpackDriver();
describe.skipIf("missing" in driver)(
  `operators and gradients on WebGPU agree with PyTorch${"missing" in driver ? ` (skipped: ${driver.missing})` : ""}`,
  () => {
    const results = "env" in driver ? runOnWebGpu(driver.env) : Promise.resolve(new Map<string, CaseLine>());
    test.each(caseNames)(
      "%s",
      async (name) => {
        const result = (await results).get(name);
        expect(result?.error).toBeUndefined();
        expect(result?.y, "y").toBeLessThan(1e-5);
        for (const [key, difference] of Object.entries(result?.gradients ?? { none: Infinity }))
          expect(difference, `gradient of ${key}`).toBeLessThan(1e-5);
      },
      120_000,
    );
  },
);
