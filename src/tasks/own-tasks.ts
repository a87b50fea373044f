/** @file The tasks of a site that `defineSite` describes: listed ones, and those of its templates. */

import type { Action } from "../core/action.ts";
import { ConfigError, Fault } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import type { Task } from "../core/task.ts";
import type { Verdict } from "../core/trajectory.ts";
import type {
  SiteCheck,
  SiteCopy,
  SiteDefinition,
  SiteFinished,
  SiteTask,
  SiteTemplate,
} from "../sites/define-site.ts";
import { usersOf } from "../sites/define-site.ts";
import type { Params } from "../sites/template.ts";
import type { Finished } from "../sites/verify.ts";
import { LIST } from "./filter-tasks.ts";
import type { OracleRun } from "./suite.ts";
import { createTemplateTasks } from "./template-tasks.ts";
import type { SuiteTemplate, TemplateTasks } from "./template-tasks.ts";
import { redact, redactError, redactJson } from "../text/secrets.ts";
import { guard, userError } from "./user-code.ts";

/** What the definition says about one task. */
export interface OwnTask {
  /** Who signs in before it; `null`: nobody. */
  user: string | null;
  checks: readonly SiteCheck[];
  oracle: ((first: Observation) => OracleRun) | null;
  inFrame: boolean;
  wrongAnswer: string;
}

export interface OwnTasks {
  tasks: Task[];
  /** `null` if the definition has no templates. */
  templates: TemplateTasks | null;
  /** `undefined` for a task that is neither listed nor made from a template, such as a chat model's. */
  of: (task: Task) => OwnTask | undefined;
}

type OwnTemplate = SuiteTemplate & { given: SiteTemplate };

export function ownTasks(definition: SiteDefinition): OwnTasks {
  const { name } = definition;
  const users = Object.keys(usersOf(definition));
  const startUrl = (path: string) => new URL(path, definition.baseUrl.replace("{port}", "0")).href;
  const listed = new Map((definition.tasks ?? []).map((task) => [`${name}.${task.id}`, task]));
  const given = new Map((definition.templates ?? []).map((template) => [`${name}.${template.id}`, template]));
  const templates: TemplateTasks<OwnTemplate> | null =
    given.size === 0
      ? null
      : createTemplateTasks(
          name,
          [...given].map(([id, template]) => suiteTemplate(id, name, template)),
          {
            list: LIST,
            instances: (template) => template.given.instances,
            startUrl: (_, path) => startUrl(path),
          },
        );
  const tasks = [...listed].map(([id, task]): Task => ({
    id,
    sites: [name],
    instruction: task.instruction,
    startUrl: startUrl(task.startPath ?? "/"),
    templateId: id,
    params: task.params ?? {},
    category: task.category ?? DEFAULTS.category,
    difficulty: task.difficulty ?? DEFAULTS.difficulty,
    split: task.split ?? "train",
  }));
  return {
    tasks: [...tasks, ...(templates?.tasks() ?? [])],
    templates,
    of: ({ templateId, params }) => {
      const id = templateId ?? "";
      const task = listed.get(id);
      if (task) return ofListed(id, task, params, users);
      const template = given.get(id);
      return template && ofTemplate(id, template, params, users);
    },
  };
}

const DEFAULTS = { category: "information retrieval", difficulty: 5, wrongAnswer: "wrong" } as const;

function suiteTemplate(id: string, site: string, given: SiteTemplate): OwnTemplate {
  return {
    id,
    sites: [site],
    category: given.category ?? DEFAULTS.category,
    difficulty: given.difficulty ?? DEFAULTS.difficulty,
    testOnly: given.testOnly,
    phrasings: given.phrasings,
    ...(given.words && { words: guard(`words of ${id}`, (params: Params) => given.words!(params)) }),
    ...(given.startPath && {
      startPath: guard(`startPath of ${id}`, (params: Params) => given.startPath!(params)),
    }),
    given,
  };
}

function ofListed(id: string, task: SiteTask, params: Params, users: readonly string[]): OwnTask {
  const { oracle } = task;
  return {
    user: task.signedOut ? null : (task.user ?? users[0] ?? null),
    checks: task.check ?? [],
    oracle: oracle ? (first) => checkOracle(id, () => oracle.call(task, params, first)) : null,
    inFrame: task.inFrame ?? false,
    wrongAnswer: task.wrongAnswer ?? DEFAULTS.wrongAnswer,
  };
}

function ofTemplate(id: string, template: SiteTemplate, params: Params, users: readonly string[]): OwnTask {
  const call = <T>(what: string, run: () => T): T => guard(`${what} of ${id}`, run)();
  const checks = call("check", () => template.check?.(params)) ?? [];
  if (!Array.isArray(checks) || checks.some((check) => typeof check !== "function"))
    throw new ConfigError(
      `check of ${id} must return a list of checks, such as [answerIs("…")]`,
      "Correct the site's definition; see docs/define-site.md.",
    );
  const { oracle } = template;
  const user = call("user", () =>
    typeof template.user === "function" ? template.user(params) : (template.user ?? users[0] ?? null),
  );
  if (user !== null && !users.includes(user))
    throw new ConfigError(
      `user of ${id} gave ${JSON.stringify(user)}, who is not in login`,
      users.length > 0 ? `Give one of ${users.join(", ")}.` : "Add `login` to the site's definition.",
    );
  return {
    user: template.signedOut ? null : user,
    checks,
    oracle: oracle ? (first) => checkOracle(id, () => oracle.call(template, params, first)) : null,
    inFrame: template.inFrame ?? false,
    wrongAnswer: call("wrongAnswer", () => template.wrongAnswer?.(params)) ?? DEFAULTS.wrongAnswer,
  };
}

/** Milliseconds to wait for an application's answer to a check. */
const HTTP_MS = 30_000;

/**
 * The verdict of a task's checks; `null` if it has none. `cookiesOf` signs a user in for `http`. Throws the user's
 * errors and the application's faults.
 */
export async function verifyOwn(
  task: Task,
  checks: readonly SiteCheck[],
  end: Finished & SiteCopy & { user: string | null },
  cookiesOf: (user: string) => Promise<string>,
): Promise<Verdict | null> {
  if (checks.length === 0) return null;
  const finished: SiteFinished = {
    ...end,
    params: task.params,
    http: async (path, { as, ...init } = {}) => {
      const address = new URL(path, end.baseUrl);
      const headers = new Headers(init.headers);
      if (as !== undefined) headers.set("cookie", await cookiesOf(as));
      try {
        return await fetch(address, { signal: AbortSignal.timeout(HTTP_MS), ...init, headers });
      } catch (cause) {
        throw new Fault(
          "site_down",
          `a check could not reach ${address.pathname}: ${(cause as Error).message}`,
          {
            retryable: true,
            cause,
          },
        );
      }
    },
  };
  const all: string[] = [];
  for (const [index, check] of checks.entries()) {
    const what = `check ${index + 1} of ${task.templateId ?? task.id}`;
    let reasons: unknown;
    try {
      reasons = await check(finished);
    } catch (cause) {
      throw redactError(userError(what, cause));
    }
    if (!Array.isArray(reasons) || reasons.some((reason) => typeof reason !== "string"))
      throw new ConfigError(
        `${what} must return a list of reasons, empty if it passed; it returned ${redact(JSON.stringify(reasons) ?? "nothing")}`,
        "Correct the site's definition; see docs/define-site.md.",
      );
    all.push(...(reasons as string[]));
  }
  const success = all.length === 0;
  return { by: "verifier", success, probability: success ? 1 : 0, reasons: redactJson(all) };
}

/** Runs a user's oracle. Throws a `ConfigError` if it is not a generator or yields something that is not an action. */
function* checkOracle(id: string, run: () => OracleRun): OracleRun {
  const oracle = run();
  if (typeof (oracle as OracleRun | undefined)?.next !== "function")
    throw new ConfigError(
      `the oracle of ${id} must be a generator`,
      "Write it as `*oracle(params, first) { … }`; see docs/define-site.md.",
    );
  let next = oracle.next();
  while (!next.done) {
    const action: unknown = next.value;
    if (typeof (action as Action | undefined)?.kind !== "string")
      throw new TypeError(
        `the oracle of ${id} yielded ${JSON.stringify(action) ?? "nothing"}, which is not an action`,
      );
    next = oracle.next(yield next.value);
  }
}
