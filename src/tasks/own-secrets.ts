/** @file The secrets of a user's own site: what its login types into password fields or takes from the environment. */

import { ConfigError } from "../core/errors.ts";
import type { Task } from "../core/task.ts";
import { usersOf } from "../sites/define-site.ts";
import type { LoginStep, SiteDefinition } from "../sites/define-site.ts";
import { keepSecret, redact, whyNoSecret } from "../text/secrets.ts";

type Fill = Extract<LoginStep, { fill: string }>;

/** What the page says about a field. */
interface FilledField {
  type: string | null;
  autocomplete: string | null;
}

const USER_NAME = /user|e-?mail|login|account|name|benutzer|usuario|utilisateur|identifiant|utente/i;
const SECRET = /pass|secret|token|\bpin\b|\bkey\b|\bcode\b|kennwort|contraseña|senha/i;

/**
 * Whether a step types a secret. A user name from the environment is not one; `secret` in the step decides if given.
 * `field`: known once the page is open.
 */
function isSecret(step: Fill, field: FilledField | null): boolean {
  if (step.secret !== undefined) return step.secret;
  if (field?.type === "password" || SECRET.test(step.fill)) return true;
  if (!("env" in step) || field === null) return false;
  const isUserName =
    field.type === "email" || /username|email/.test(field.autocomplete ?? "") || USER_NAME.test(step.fill);
  return !isUserName;
}

/**
 * Registers what a step types, if it is a secret. A password in the definition itself may be too ordinary to register;
 * if one from the environment is, a `ConfigError` says so.
 */
export function keepTyped(step: Fill, text: string, field: FilledField | null): void {
  if (!isSecret(step, field)) return;
  const isDeclared = "env" in step || step.secret === true;
  if (!isDeclared && whyNoSecret(text) !== null) return;
  const from = "env" in step ? `the environment variable ${step.env}` : "a step";
  keepSecret(text, `${from} (login, fill ${JSON.stringify(step.fill)})`);
}

/** Registers what is known before anything of the site has run. */
export function keepDeclared({ login, baseUrl, start, reset }: SiteDefinition): void {
  for (const step of Object.values(usersOf({ login })).flat()) {
    if (!("fill" in step)) continue;
    const text = "text" in step ? step.text : process.env[step.env];
    if (text) keepTyped(step, text, null);
  }
  const headers = typeof reset === "object" && "headers" in reset ? (reset.headers ?? {}) : {};
  const passwords = Object.entries({ ...start?.env, ...headers }).flatMap(([name, value]) =>
    SECRET_NAME.test(name) ? inHeader(value) : [],
  );
  const { password } = new URL(baseUrl.replace("{port}", "1"));
  // Nothing says that these are secrets, so what looks like a word is left alone.
  for (const text of [...passwords, decodeURIComponent(password)])
    if (whyNoSecret(text) === null && !/^\p{L}+$/u.test(text)) keepSecret(text, "the site's definition");
}

const SECRET_NAME = /(?:password|passwd|passphrase|secret|token|api[_-]?key|authorization|cookie)$/i;

/** `Bearer TOKEN`, `Basic CREDENTIALS`, or the value itself. */
function inHeader(value: string): string[] {
  const [, scheme, credentials] = /^(basic|bearer) +(\S+)$/i.exec(value) ?? [];
  if (credentials === undefined) return [value];
  if (scheme!.toLowerCase() === "bearer") return [credentials];
  return [
    credentials,
    Buffer.from(credentials, "base64")
      .toString()
      .replace(/^[^:]*:/, ""),
  ];
}

/**
 * Throws a `ConfigError` when a secret occurs in something that agents and records need, from which it could not be
 * removed.
 */
export function refuseSecretTasks(definition: SiteDefinition, tasks: readonly Task[]): void {
  const print = (task: Task) =>
    JSON.stringify([task.id, task.instruction, task.startUrl, task.params, task.templateId]);
  const hint =
    "Choose another password. If agents must know it, it is not a secret: write `secret: false` in the step of `login` that types it.";
  if (redact(definition.name) !== definition.name)
    throw new ConfigError(`the name of the site contains a secret of its login`, hint);
  if (redact(tasks.map(print).join("\n\n")) === tasks.map(print).join("\n\n")) return;
  const task = tasks.find((each) => redact(print(each)) !== print(each));
  if (task)
    throw new ConfigError(
      `a secret of the login of ${definition.name} occurs in the task ${redact(task.id)}: ${redact(task.instruction)}`,
      hint,
    );
}
