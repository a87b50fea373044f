/**
 * @file `webrl suite list|show|check|serve|login|look`: look at tasks, check them, open the sites to a person, sign in
 * to WebArena's sites.
 */

import type { Command } from "commander";
import type { ObservationFormat } from "../../core/observation.ts";
import type { Category, Split, Task } from "../../core/task.ts";
import type { SuiteCheck } from "../../tasks/check.ts";
import { ConfigError } from "../../core/errors.ts";
import {
  browserOption,
  examples,
  formatOption,
  interruption,
  jsonOption,
  openSuite,
  portNumber,
  print,
  progress,
  splitName,
  suiteOptions,
  table,
  timesText,
  wholeNumber,
} from "../command.ts";
import type { SuiteOptions } from "../command.ts";
import { registerLook } from "./suite-look.ts";
import { loadGuard, safetyOption } from "../safety-option.ts";

interface FilterOptions extends SuiteOptions {
  site?: string;
  split?: Split;
  template?: string;
  category?: Category;
  maxDifficulty?: number;
  limit?: number;
  json?: boolean;
}

function filterOptions(command: Command): Command {
  return suiteOptions(command)
    .option("--site <name>", "only tasks that touch this site")
    .option("--split <name>", "only this split: train, validation, test", splitName)
    .option("--template <id>", "only instances of this template")
    .option("--category <name>", "only this category, e.g. shopping")
    .option("--max-difficulty <n>", "only tasks that need at most this many steps", wholeNumber());
}

export function register(program: Command): void {
  const suite = program
    .command("suite")
    .description("Tasks: list them, show one, check them all, open their sites.");
  registerList(suite);
  registerShow(suite);
  registerCheck(suite);
  registerServe(suite);
  registerLogin(suite);
  registerLook(suite);
}

function registerList(suite: Command): void {
  const list = filterOptions(suite.command("list").description("List tasks."))
    .option("--limit <n>", "at most this many tasks, taken from each template in turn", wholeNumber())
    .option("--templates", "list templates instead of tasks");
  examples(jsonOption(list), [
    "webrl suite list --templates",
    "webrl suite list --site map --split test --limit 20",
    "webrl suite list --suite own --file examples/own-site/site.ts",
    "webrl suite list --suite own --file examples/own-suite.ts",
  ]).action(async (options: FilterOptions & { templates?: boolean }) => {
    const suite = await openSuite(options);
    const tasks = suite.tasks(options);
    if (options.templates) {
      const rows = summaries(tasks);
      print(
        options,
        { templates: rows },
        () =>
          `${table(
            ["template", "category", "steps", "train", "validation", "test"],
            rows.map((r) => [r.id, r.category, r.difficulty, r.train, r.validation, r.test]),
          )}\n${rows.length} templates, ${tasks.length} tasks`,
      );
    } else {
      const unusable = tasks.flatMap((task) => {
        const why = suite.unusable?.(task) ?? null;
        return why === null ? [] : [{ task: task.id, why }];
      });
      print(options, { tasks, ...(suite.unusable && { unusable }) }, () =>
        [
          table(
            ["task", "split", "steps", "instruction"],
            tasks.map((t) => [t.id, t.split, t.difficulty, t.instruction]),
          ),
          `${tasks.length} tasks`,
          ...unusableText(unusable),
        ].join("\n"),
      );
    }
  });
}

/** Tasks with the same reason share a line, which names the first few. */
function unusableText(unusable: readonly { task: string; why: string }[]): string[] {
  if (unusable.length === 0) return [];
  const tasksByReason = new Map<string, string[]>();
  for (const { task, why } of unusable) tasksByReason.set(why, [...(tasksByReason.get(why) ?? []), task]);
  const named = 5;
  return [
    `${unusable.length} of them cannot be used:`,
    ...[...tasksByReason].map(([why, ids]) => {
      const more = ids.length > named ? ` and ${ids.length - named} more` : "";
      return `  ${ids.slice(0, named).join(", ")}${more}: ${why}`;
    }),
  ];
}

function registerShow(suite: Command): void {
  const show = suiteOptions(suite.command("show").description("Show one task.")).argument(
    "<task>",
    "id of the task",
  );
  examples(jsonOption(show), [
    "webrl suite show map.nearest/3",
    "webrl suite show map.nearest/3 --json",
  ]).action(async (id: string, options: SuiteOptions & { json?: boolean }) => {
    const suite = await openSuite(options);
    const task = suite.task(id);
    const unusable = suite.unusable?.(task) ?? null;
    print(options, { ...task, ...(unusable !== null && { unusable }) }, (t) =>
      [
        ["task", t.id],
        ["instruction", t.instruction],
        ["start", t.startUrl],
        ["sites", t.sites.join(", ")],
        ["category", t.category],
        ["split", t.split],
        ["steps", String(t.difficulty)],
        ["parameters", JSON.stringify(t.params)],
        ...(unusable === null ? [] : [["unusable", unusable]]),
      ]
        .map(([key, value]) => `${key!.padEnd(12)} ${value}`)
        .join("\n"),
    );
  });
}

function registerCheck(suite: Command): void {
  const check = browserOption(
    formatOption(
      filterOptions(
        suite
          .command("check")
          .description(
            "Test every template in the browser: its checks must accept the oracle, but refuse a wrong answer or doing nothing.",
          ),
      ),
    ),
  )
    .option("--instances <n>", "instances of each template to check", wholeNumber(), 2)
    .option("--parallel <n>", "episodes at once", wholeNumber(), 4)
    .option("--seed <n>", "seed for the choice of instances and for episodes", wholeNumber(0), 1);
  examples(jsonOption(safetyOption(check)), [
    "webrl suite check",
    "webrl suite check --site forum --instances 5",
    "webrl suite check --template map.nearest --instances 50 --parallel 2 --json",
  ]).action(checkCommand);
}

function registerServe(suite: Command): void {
  const serve = suite.command("serve").description("Serve the built-in sites to an ordinary browser.");
  examples(
    serve
      .option("--port <n>", "port to listen on; 0 picks a free one", portNumber, 8080)
      .option("--host <address>", "address to listen on", "127.0.0.1"),
    ["webrl suite serve", "webrl suite serve --port 9000"],
  ).action(async (options: { port: number; host: string }) => {
    const { serveSites } = await import("../../sites/serve.ts");
    await using served = await serveSites({ port: options.port, listenHost: options.host });
    console.log(`The built-in sites are at ${served.url} (Ctrl-C ends)`);
    await new Promise<void>((resolve) => {
      interruption.signal.addEventListener("abort", () => resolve(), { once: true });
    });
  });
}

function registerLogin(suite: Command): void {
  const login = browserOption(
    suite
      .command("login")
      .description("Sign in to WebArena's sites and write the login states that its tasks refer to.")
      .requiredOption("--file <path>", "the task file, or a settings file (docs/webarena.md)"),
  );
  examples(jsonOption(login), ["webrl suite login --file webarena.json"]).action(
    async (options: { file: string; browser: string[]; json?: boolean }) => {
      const { makeLogins } = await import("../../tasks/webarena/suite.ts");
      const { loadBrowser } = await import("../../run/parse-config.ts");
      const result = await makeLogins(options.file, await loadBrowser(options.browser));
      print(
        options,
        result,
        ({ made, failed }) =>
          [
            ...made.map((path) => `made    ${path}`),
            ...failed.map(({ state, why }) => `FAILED  ${state}: ${why}`),
          ].join("\n") || `No task of ${options.file} needs a login.`,
      );
      if (result.failed.length > 0) process.exitCode = 1;
    },
  );
}

function summaries(tasks: readonly Task[]) {
  const rows = new Map<
    string,
    Record<Split, number> & { id: string; sites: string[]; category: Category; difficulty: number }
  >();
  for (const { templateId, id, sites, category, difficulty, split } of tasks) {
    const key = templateId ?? id;
    const row = rows.get(key) ?? { id: key, sites, category, difficulty, train: 0, validation: 0, test: 0 };
    row[split]++;
    rows.set(key, row);
  }
  return [...rows.values()];
}

async function checkCommand(
  options: FilterOptions & {
    instances: number;
    parallel: number;
    seed: number;
    format: ObservationFormat;
    browser: string[];
    safety?: string;
  },
): Promise<void> {
  const { checkSuite } = await import("../../tasks/check.ts");
  const { createRng } = await import("../../core/rng.ts");
  const suite = await openSuite(options);
  const { oraclesRead = options.format } = suite;
  if (oraclesRead !== options.format)
    throw new ConfigError(
      `the oracles of the suite ${suite.name} can read pages only as ${oraclesRead}`,
      "Leave --format out.",
    );
  const rng = createRng(options.seed);
  const groups = new Map<string, Task[]>();
  for (const task of suite.tasks(options)) {
    const key = task.templateId ?? task.id;
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  const withOracle = (tasks: Task[]) => tasks.filter((task) => suite.hasOracle(task, options.format));
  const notShown = [...groups].flatMap(([key, all]) =>
    withOracle(all).length === 0 && all.some((task) => suite.hasOracle(task)) ? [key] : [],
  );
  const noSolver = [...groups].flatMap(([key, all]) =>
    all.some((task) => suite.hasOracle(task)) ? [] : [key],
  );
  const tasks = [...groups].flatMap(([key, all]) =>
    rng.fork(key).shuffle(withOracle(all)).slice(0, options.instances),
  );
  if (groups.size === 0) throw new ConfigError("the filters leave no task", "Change them, or leave one out.");
  if (tasks.length === 0)
    throw notShown.length > 0
      ? new ConfigError(notShownText(notShown), "Choose another format.")
      : new ConfigError(
          noSolverText(noSolver),
          options.suite === "own"
            ? "Write an oracle for one of them (docs/define-site.md): a check plays it."
            : "A check plays the suite's solvers: choose tasks that have one.",
        );
  const { loadBrowser } = await import("../../run/parse-config.ts");
  const bar = progress("suite check");
  await using site = await suite.createSite({
    format: options.format,
    browser: { ...(await loadBrowser(options.browser)), onTrouble: (message) => bar.update(message) },
    guard: await loadGuard(options.safety),
  });
  const result = await checkSuite(suite, site, {
    tasks,
    parallel: options.parallel,
    seed: options.seed,
    signal: interruption.signal,
    onTask: (done, total, { task, ok }) => bar.update(`${done} of ${total}, ${task} ${ok ? "ok" : "FAILED"}`),
  });
  bar.end();
  print(options, { ...result, notShown, noSolver }, checkText);
  if (!result.ok) process.exitCode = 1;
}

const notShownText = (templates: readonly string[]) =>
  `not in the format webrl, which shows no frames: ${templates.join(", ")}`;

/** The most names that a line shows; `--json` has all. */
const NAMES = 20;

const noSolverText = (names: readonly string[]) =>
  `no solver: ${names.slice(0, NAMES).join(", ")}${names.length > NAMES ? ` and ${names.length - NAMES} more` : ""}`;

function checkText(result: SuiteCheck & { notShown: string[]; noSolver: string[] }): string {
  const rows = result.templates.map((t) => [
    t.id,
    t.ok ? "ok" : "FAILED",
    `${t.passed}/${t.checked}`,
    t.difficulty,
    t.steps,
    t.msPerOracle,
  ]);
  const failures = result.templates.flatMap((t) =>
    t.failures.map((f) => `${f.task}: ${f.what}\n  ${f.reasons.join("\n  ")}`),
  );
  const passed = result.templates.filter((t) => t.ok).length;
  return [
    table(["template", "", "instances", "difficulty", "oracle steps", "ms"], rows),
    ...failures,
    ...(result.notShown.length > 0 ? [notShownText(result.notShown)] : []),
    ...(result.noSolver.length > 0 ? [noSolverText(result.noSolver)] : []),
    `${passed} of ${result.templates.length} templates ok${result.noSolver.length > 0 ? `, ${result.noSolver.length} not checked` : ""}; ${result.episodes} episodes in ${result.seconds} s; ${timesText(result)}`,
  ].join("\n");
}
