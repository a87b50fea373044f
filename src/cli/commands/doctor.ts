/** @file `webrl doctor`: says what this machine has, what is missing, and which command installs it. */

import type { Command } from "commander";
import { existsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { execFile } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { ConfigError } from "../../core/errors.ts";
import { GLIBC_REMEDY } from "../../engine/onnx/onnx-runtime.ts";
import { NODE_REMEDY, nodeTooOld } from "../node-version.ts";
import type { EngineProbe } from "../probe-engine.ts";
import { examples, jsonOption, print, progress } from "../command.ts";

interface Finding {
  name: string;
  ok: boolean;
  /** The check does not fail when something optional is missing. */
  required: boolean;
  found: string;
  /** How to get it, if it is missing. */
  fix?: string;
}

export function register(program: Command): void {
  const command = program
    .command("doctor")
    .description("Say what this machine has, what is missing, and how to get it.")
    .option("--no-launch", "do not start the browser");
  examples(jsonOption(command), ["webrl doctor", "webrl doctor --json"]).action(
    async (options: { json?: boolean; launch: boolean }) => {
      const bar = progress("doctor");
      const findings = [
        node(),
        ...systemLibrary(),
        machine(),
        ...(await browser(options.launch, bar.update)),
        await profiles(),
        await engine(),
        await gpu(),
        models(),
        ...keys(),
      ];
      bar.end();
      const ok = findings.every((finding) => finding.ok || !finding.required);
      print(options, { ok, findings }, () => text(ok, findings));
      if (!ok) process.exitCode = 2;
    },
  );
}

function text(ok: boolean, findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ name, ok: there, required, found, fix }) => [
    `${there ? "ok      " : required ? "MISSING " : "-       "} ${name.padEnd(16)} ${found}`,
    ...(fix && !there ? [`${" ".repeat(26)}${fix}`] : []),
  ]);
  return [
    ...lines,
    "",
    ok ? "Everything that is needed is there." : "Something that is needed is missing.",
  ].join("\n");
}

function node(): Finding {
  const problem = nodeTooOld();
  return {
    name: "Node",
    ok: problem === null,
    required: true,
    found: `${process.version} on ${process.platform} ${process.arch}`,
    ...(problem === null ? {} : { fix: NODE_REMEDY }),
  };
}

/** ONNX Runtime's library and Chromium are built for glibc; a system with musl (Alpine) reports no version of it. */
function systemLibrary(): Finding[] {
  if (process.platform !== "linux") return [];
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  const version = header.glibcVersionRuntime;
  const [major = 0, minor = 0] = (version ?? "").split(".").map(Number);
  const ok = major > 2 || (major === 2 && minor >= 28);
  return [
    {
      name: "C library",
      ok,
      required: true,
      found: version === undefined ? "not glibc" : `glibc ${version}`,
      ...(ok ? {} : { fix: GLIBC_REMEDY }),
    },
  ];
}

function machine(): Finding {
  const gib = Math.round((totalmem() / 2 ** 30) * 10) / 10;
  return {
    name: "Machine",
    ok: true,
    required: false,
    found: `${cpus().length} processors, ${gib} GiB memory`,
  };
}

async function browser(launch: boolean, update: (text: string) => void): Promise<Finding[]> {
  const { browserInfo, launchBrowser } = await import("../../browser/launch.ts");
  try {
    const info = await browserInfo();
    const there: Finding = {
      name: "Browser",
      ok: true,
      required: true,
      found: `${info.source}: ${info.location}${info.unpacked ? "" : " (is unpacked when first used)"}`,
    };
    if (!launch) return [there];
    update("starting the browser");
    const started = performance.now();
    const running = await launchBrowser();
    const version = running.version();
    await running.close();
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    return [
      there,
      { name: "Browser starts", ok: true, required: true, found: `Chromium ${version}, ${seconds} s` },
    ];
  } catch (error) {
    const fix =
      error instanceof ConfigError
        ? error.hint
        : "Run `npx playwright-core install --with-deps chromium`, or install Google Chrome.";
    return [{ name: "Browser", ok: false, required: true, found: firstLine(error), fix }];
  }
}

/** Profiles that killed processes left behind; removed here, as before every start of a browser. */
async function profiles(): Promise<Finding> {
  const { sweepProfiles } = await import("../../browser/profiles.ts");
  const swept = await sweepProfiles();
  return {
    name: "Browser profiles",
    ok: true,
    required: false,
    found: swept === 0 ? "none left behind" : `removed the profiles of ${swept} killed processes`,
  };
}

async function engine(): Promise<Finding> {
  const probe = await probeEngine();
  const finding = { name: "ONNX Runtime", required: true };
  return "found" in probe
    ? { ...finding, ok: true, found: probe.found }
    : { ...finding, ok: false, found: probe.problem, fix: probe.fix };
}

async function probeEngine(): Promise<EngineProbe> {
  const extension = extname(fileURLToPath(import.meta.url));
  const program = fileURLToPath(new URL(`../probe-engine${extension}`, import.meta.url));
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, program]);
    return JSON.parse(stdout) as EngineProbe;
  } catch (error) {
    const { signal } = error as { signal?: string };
    if (!signal) throw error;
    return {
      problem: `kills its process with ${signal}: its files are damaged, or this processor lacks what it needs (AVX)`,
      fix: "Install webrl again; if that does not help, use another machine.",
    };
  }
}

async function gpu(): Promise<Finding> {
  try {
    const { stdout } = await promisify(execFile)("nvidia-smi", [
      "--query-gpu=name,memory.total",
      "--format=csv,noheader",
    ]);
    return { name: "NVIDIA GPU", ok: true, required: false, found: stdout.trim().replaceAll("\n", "; ") };
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === "ENOENT";
    return {
      name: "NVIDIA GPU",
      ok: false,
      required: false,
      found: absent ? "none (not needed)" : firstLine(error),
    };
  }
}

function models(): Finding {
  const directory = new URL("../../../models/", import.meta.url);
  const ok = ["base", "orm"].every((name) => existsSync(new URL(`${name}/config.json`, directory)));
  return {
    name: "Shipped models",
    ok,
    required: false,
    found: ok ? fileURLToPath(directory) : "base or orm is missing",
    fix: "Make them with `webrl model demos`, `pretrain`, `sft`, `rollouts` and `orm`.",
  };
}

/** Whether a key is set; never its value. */
function keys(): Finding[] {
  const name = "OPENAI_API_KEY";
  const set = Boolean(process.env[name]);
  const found = set ? "set" : "not set (needed only for OpenAI-compatible models that judge or propose)";
  return [{ name, ok: set, required: false, found }];
}

const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
