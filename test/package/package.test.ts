/**
 * @file What `npm pack` makes, as a consumer gets it: installed from the tarball into an empty folder, compiled against
 * and run. Needs the npm registry.
 */

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const tool = (name: string) => join(root, "node_modules", ".bin", name);

/** The environment without what npm told the scripts that it runs: a consumer has settings of their own only. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));

let world: string;
let folder: string;
let tarball: string;
let installed: string;

/** Runs a program in the consumer's folder. Rejects with what it printed where it fails. */
async function run(program: string, args: string[], cwd = folder): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { cwd, env, maxBuffer: 2 ** 26 });
    return stdout;
  } catch (error) {
    const { stdout, stderr, message } = error as Error & { stdout: string; stderr: string };
    throw new Error(`${message}\n${stdout}\n${stderr}`, { cause: error });
  }
}

beforeAll(async () => {
  world = await mkdtemp(join(tmpdir(), "webrl-package-"));
  folder = join(world, "consumer");
  await mkdir(folder);
  await run("npm", ["pack", "--pack-destination", world], root);
  tarball = join(
    world,
    (await readdir(world)).find((name) => name.endsWith(".tgz"))!,
  );
  await run("npm", ["install", "--no-audit", "--no-fund", tarball]);
  installed = join(folder, "node_modules", "webrl");
}, 300_000);
afterAll(() => rm(world, { recursive: true, force: true }));

describe("the tarball", () => {
  test("it has what runs, and what the documentation names", async () => {
    const files = await readdir(installed, { recursive: true });
    for (const needed of [
      "dist/cli/bin.js",
      "dist/dashboard/assets/app.js",
      "vendor/onnxruntime-node/LICENSE",
      "models/base/model.safetensors",
      "models/base/demonstrations.jsonl.gz",
      "models/orm/model.safetensors",
      "examples/own-site/site.ts",
      "examples/own-suite.ts",
      "examples/training-in-the-open.ts",
      "docs/install.md",
      "CHANGELOG.md",
      "LICENSE",
    ])
      expect(files).toContain(needed);
    expect(
      files.filter((file) =>
        /\.test\.|fixtures|\.map$|test-support|\/testing\/(?!.*-kit|kit|fake-|index)/.test(file),
      ),
    ).toEqual([]);
  });

  test("a link of a page leads to a file that is there", async () => {
    const pages = (await readdir(installed, { recursive: true })).filter(
      (file) => file.endsWith(".md") && !/node_modules/.test(file),
    );
    const broken: string[] = [];
    for (const page of pages) {
      const text = await readFile(join(installed, page), "utf8");
      for (const [, link] of text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)) {
        const target = fileURLToPath(new URL(link!, new URL(page, `file://${installed}/`)));
        await readdir(target)
          .catch(() => readFile(target))
          .catch(() => broken.push(`${page}: ${link}`));
      }
    }
    expect(broken).toEqual([]);
  });

  test("no package that is installed has an install script", async () => {
    const lock = JSON.parse(await readFile(join(folder, "package-lock.json"), "utf8")) as {
      packages: Record<string, { hasInstallScript?: boolean }>;
    };
    const named = Object.entries(lock.packages);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
  });

  test("publint and attw find nothing", { timeout: 120_000 }, async () => {
    expect(await run(tool("publint"), ["run", tarball, "--strict"])).toContain("All good!");
    expect(await run(tool("attw"), [tarball, "--profile", "esm-only"])).toContain('"webrl/testing"');
  });
});

describe("a consumer", () => {
  const compile = async (name: string, options: Record<string, string>) => {
    const config = join(folder, `tsconfig.${name}.json`);
    const compilerOptions = {
      ...options,
      target: "es2023",
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      skipLibCheck: false,
      types: ["node"],
      typeRoots: [join(root, "node_modules", "@types")],
      outDir: name,
    };
    await writeFile(config, JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
    await run(tool("tsc"), ["-p", config]);
    return join(folder, name, "consumer.js");
  };

  beforeAll(async () => {
    const source = fileURLToPath(new URL("consumer/", import.meta.url));
    await cp(source, folder, { recursive: true });
    await run("npm", ["pkg", "set", "type=module"]);
  });

  test(
    "compiles strictly with nodenext and runs: entries, suite, kits, the shipped model",
    { timeout: 120_000 },
    async () => {
      const program = await compile("nodenext", { module: "nodenext" });
      expect(JSON.parse(await run(process.execPath, [program]))).toEqual({
        site: "desk",
        tasks: true,
        phases: true,
        action: true,
        broken: [],
        refused: true,
        answerGiven: "function",
        tokens: 4,
      });
    },
  );

  test("compiles strictly with a bundler's resolution", { timeout: 120_000 }, async () => {
    const program = await compile("bundler", { module: "esnext", moduleResolution: "bundler" });
    expect(await readFile(program, "utf8")).toContain('from "webrl/engine"');
  });

  test("every public entry can be imported and required", async () => {
    const { exports } = JSON.parse(await readFile(join(installed, "package.json"), "utf8")) as {
      exports: Record<string, unknown>;
    };
    const names = Object.keys(exports)
      .filter((name) => name !== "./package.json")
      .map((name) => join("webrl", name));
    const script = names.map((name) => `console.log((await import("${name}")) === require("${name}"));`);
    const same = await run(process.execPath, ["-e", `(async () => { ${script.join(" ")} })()`]);
    expect(same).toBe("true\n".repeat(names.length));
  });

  test("the kits of task sources hold for a suite of the package", { timeout: 300_000 }, async () => {
    const { rules, broken } = JSON.parse(await run(process.execPath, ["kit.mjs"])) as {
      rules: number;
      broken: unknown[];
    };
    expect(broken).toEqual([]);
    expect(rules).toBeGreaterThan(5);
  });

  test("npx webrl --help, and doctor misses nothing", { timeout: 120_000 }, async () => {
    expect(await run("npx", ["webrl", "--help"])).toContain("Usage: webrl");
    const report = JSON.parse(await run("npx", ["webrl", "doctor", "--json"])) as {
      ok: boolean;
      findings: { name: string; found: string }[];
    };
    expect(report.ok).toBe(true);
    expect(report.findings.find(({ name }) => name === "ONNX Runtime")?.found).toMatch(/shipped/);
  });

  test.each(["module", "commonjs"])(
    "a site file in TypeScript loads in a folder of type %s",
    async (type) => {
      const place = join(folder, type);
      await cp(join(installed, "examples", "own-site"), place, { recursive: true });
      await writeFile(join(place, "package.json"), JSON.stringify({ type }));
      const list = await run("npx", [
        "webrl",
        "suite",
        "list",
        "--suite",
        "own",
        "--file",
        join(place, "site.ts"),
        "--json",
      ]);
      expect(JSON.parse(list)).toHaveProperty("tasks");
      await writeFile(
        join(place, "bad.ts"),
        'import { defineSite } from "webrl/sites";\nenum A { B = "x" }\nexport default defineSite({ name: A.B } as never);\n',
      );
      await expect(
        run("npx", ["webrl", "suite", "list", "--suite", "own", "--file", join(place, "bad.ts")]),
      ).rejects.toThrow(/the definition of x is not valid: baseUrl/);
    },
  );
});
