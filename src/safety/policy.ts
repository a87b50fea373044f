/** @file What an agent may do, as data: a JSON file or object. See docs/agent.md for every key with examples. */

import { dirname, resolve } from "node:path";
import { z } from "zod";
import { hostMatches } from "../browser/addresses.ts";
import { EFFECT_KINDS } from "../core/effect.ts";
import { ConfigError } from "../core/errors.ts";
import { invalidPolicy, readPolicyFile } from "./policy-file.ts";

/** `exit` is always allowed. */
const ACTION_KINDS = [
  "click",
  "double_click",
  "right_click",
  "hover",
  "type",
  "search",
  "insert",
  "select_text",
  "select",
  "select_options",
  "scroll_up",
  "scroll_down",
  "scroll_left",
  "scroll_right",
  "press",
  "drag",
  "draw",
  "press_enter",
  "wait",
  "go_backward",
  "go_forward",
  "switch_tab",
] as const;

/**
 * What a request or an action does: one of the irreversible kinds; `change`: something else, or unknown; `message`: a
 * message over a WebSocket of which nothing more is known.
 */
export const EFFECTS = [...EFFECT_KINDS, "change", "message"] as const;

/** What a request does, as policies name it. */
export type Effect = (typeof EFFECTS)[number];

/** What is about to be done, as a person is asked. */
export const EFFECT_VERBS: Readonly<Record<Effect, string>> = {
  buy: "place an order",
  pay: "move money",
  send: "send something in your name",
  publish: "publish something",
  delete: "cancel or delete something",
  sign: "agree to something in your name",
  change: "change something",
  message: "send a message over an open connection",
};

const verdict = z.enum(["allow", "ask", "deny"]);

/** What a rule says: go ahead, ask a person, or refuse. */
export type PolicyVerdict = z.infer<typeof verdict>;

const host = z
  .string()
  .regex(
    /^(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s:/[\]]+)(:\d+)?$/,
    "must be a host such as shop.example.com, *.example.com or localhost:4000",
  );
const amount = z.number().min(0);
const count = z.int().min(0);
const counts = z.partialRecord(z.enum(EFFECT_KINDS), count);

const ruleSchema = z.strictObject({
  name: z.string().min(1).describe("The rule's name in the audit log."),
  effects: z.array(z.enum(EFFECTS)).min(1).optional().describe("Default: all."),
  hosts: z.array(host).min(1).optional().describe("Hosts of the request. Default: all."),
  paths: z
    .array(z.string().regex(/^\//, "must start with /"))
    .min(1)
    .optional()
    .describe("Paths, as in `irreversible` of a site: `/orders/:id/cancel`, `/admin/*`. Default: all."),
  amountUpTo: amount.optional().describe("Only if the amount is known and at most this."),
  verdict: verdict.describe("allow, ask a person, or deny."),
});

/** One rule of a policy: the effects, hosts and paths to which it applies, and its verdict. */
export type PolicyRule = z.infer<typeof ruleSchema>;

const secretSchema = z.strictObject({
  env: z.string().min(1).optional().describe("Environment variable with the secret."),
  file: z
    .string()
    .min(1)
    .optional()
    .describe("File with the secret; relative to the policy's. A trailing line end is ignored."),
  hosts: z
    .array(host)
    .min(1)
    .describe("Hosts whose pages it may be typed into, and to which it may be sent."),
  fields: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      "Type it only into fields with one of these as their type, or as a word of their name, id or autocomplete.",
    ),
});

const effects = Object.fromEntries(
  EFFECTS.map((effect) => [
    effect,
    verdict.default(effect === "change" ? "allow" : effect === "message" ? "allow" : "ask"),
  ]),
) as Record<Effect, z.ZodDefault<typeof verdict>>;

/** The schema of a safety policy; every key says what it means. */
export const policySchema = z.strictObject({
  hosts: z
    .array(host)
    .min(1)
    .optional()
    .describe("Hosts of the site that may be reached. Default: all of the site's."),
  actions: z
    .strictObject({
      allow: z.array(z.enum(ACTION_KINDS)).optional().describe("Only these kinds of action, besides exit."),
      deny: z.array(z.enum(ACTION_KINDS)).optional().describe("Not these kinds."),
    })
    .prefault({}),
  effects: z
    .strictObject(effects)
    .prefault({})
    .describe("The verdict on each kind of effect if no rule matches."),
  rules: z.array(ruleSchema).default([]).describe("The first rule that matches decides."),
  limits: z
    .strictObject({
      amountPerAction: amount.optional(),
      amountPerRun: amount.optional(),
      amountPerDay: amount.optional().describe("Days are in UTC; needs an audit log."),
      countPerRun: counts.prefault({}).describe("How many of each kind, such as { buy: 2 }."),
      countPerDay: counts.prefault({}),
      over: z.enum(["ask", "deny"]).default("deny").describe("The verdict on whatever exceeds a limit."),
    })
    .prefault({})
    .describe(
      "Limits on what may be bought and paid, in the numbers that the site shows; an unknown amount counts as over the limit.",
    ),
  approval: z
    .strictObject({
      timeoutSeconds: z
        .number()
        .min(1)
        .max(86_400)
        .default(300)
        .describe("No answer within this time means no."),
    })
    .prefault({}),
  secrets: z
    .record(z.string().regex(/^[A-Za-z][\w.-]*$/, "must be a name such as SHOP_PASSWORD"), secretSchema)
    .default({}),
});

/** A checked policy with all defaults filled in. */
export type SafetyPolicy = z.infer<typeof policySchema>;

/** A policy as a person writes it: what is left out gets its default. */
export type SafetySettings = z.input<typeof policySchema>;

/** Checks a policy and fills in its defaults. Throws a `ConfigError` that says what is wrong and what to change. */
export function parsePolicy(raw: unknown, from = "the safety policy"): SafetyPolicy {
  const parsed = policySchema.safeParse(raw);
  if (!parsed.success) throw invalidPolicy(parsed.error, KEYS, from);
  const wrong = contradictions(parsed.data);
  if (wrong.length > 0)
    throw new ConfigError(
      `${from} contradicts itself: ${wrong.map(({ what }) => what).join("; ")}`,
      wrong.map(({ change }) => change).join(" "),
    );
  return parsed.data;
}

const KEYS = [
  ...Object.keys(policySchema.shape),
  ...Object.keys(ruleSchema.shape),
  ...Object.keys(secretSchema.shape),
  ...EFFECTS,
  "allow",
  "deny",
  "amountPerAction",
  "amountPerRun",
  "amountPerDay",
  "countPerRun",
  "countPerDay",
  "over",
  "timeoutSeconds",
];

/** A policy from a file; relative paths in it are then absolute. */
export async function loadPolicy(file: string): Promise<SafetyPolicy> {
  return withSecretsBeside(parsePolicy(await readPolicyFile(file), `the policy ${file}`), file);
}

/** Files of secrets are named relative to the policy's. */
export function withSecretsBeside(policy: SafetyPolicy, file: string): SafetyPolicy {
  const secrets = Object.entries(policy.secrets).map(([name, secret]) => [
    name,
    secret.file === undefined ? secret : { ...secret, file: resolve(dirname(file), secret.file) },
  ]);
  return { ...policy, secrets: Object.fromEntries(secrets) as SafetyPolicy["secrets"] };
}

interface Contradiction {
  what: string;
  change: string;
}

function contradictions(policy: SafetyPolicy): Contradiction[] {
  return [...ofActions(policy), ...ofRules(policy), ...ofLimits(policy), ...ofSecrets(policy)];
}

function ofActions({ actions }: SafetyPolicy): Contradiction[] {
  const both = actions.allow?.filter((kind) => actions.deny?.includes(kind)) ?? [];
  return both.map((kind) => ({
    what: `actions.allow and actions.deny both name ${kind}`,
    change: `Remove ${kind} from one of them.`,
  }));
}

/** Whether one of `outer` covers every host that `entry` covers. */
const isWithin = (entry: string, outer: readonly string[]): boolean =>
  outer.some((other) => {
    if (other.toLowerCase() === entry.toLowerCase()) return true;
    const [, name = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry.replace(/^\*\./, "any.")) ?? [];
    return hostMatches(other, name.toLowerCase(), port === undefined ? 443 : Number(port));
  });

const covers = (outer: readonly string[] | undefined, inner: readonly string[] | undefined) =>
  outer === undefined || (inner !== undefined && inner.every((one) => outer.includes(one)));

function ofRules({ rules, hosts, limits }: SafetyPolicy): Contradiction[] {
  const found: Contradiction[] = [];
  rules.forEach((rule, index) => {
    const where = `rules.${index} (${rule.name})`;
    if (rules.findIndex(({ name }) => name === rule.name) !== index)
      found.push({ what: `two rules are called ${rule.name}`, change: "Give every rule a different name." });
    const earlier = rules
      .slice(0, index)
      .find(
        (other) =>
          covers(other.effects, rule.effects) &&
          covers(other.hosts, rule.hosts) &&
          covers(other.paths, rule.paths) &&
          (other.amountUpTo === undefined ||
            (rule.amountUpTo !== undefined && rule.amountUpTo <= other.amountUpTo)),
      );
    if (earlier)
      found.push({
        what: `${where} is never reached: the earlier rule ${earlier.name} matches everything that it matches`,
        change: `Move ${rule.name} before ${earlier.name}, or remove it.`,
      });
    const outside = hosts && rule.hosts?.find((entry) => !isWithin(entry, hosts));
    if (outside !== undefined)
      found.push({
        what: `${where} names the host ${outside}, which is not one of hosts`,
        change: `Add ${outside} to hosts, or remove it from the rule.`,
      });
    if (
      rule.verdict === "allow" &&
      rule.amountUpTo !== undefined &&
      limits.amountPerAction !== undefined &&
      rule.amountUpTo > limits.amountPerAction
    )
      found.push({
        what: `${where} allows up to ${rule.amountUpTo}, but limits.amountPerAction is ${limits.amountPerAction}`,
        change: "Make them agree.",
      });
  });
  return found;
}

function ofLimits({ limits, effects, rules }: SafetyPolicy): Contradiction[] {
  const found: Contradiction[] = [];
  const ordered = [
    ["amountPerAction", limits.amountPerAction],
    ["amountPerRun", limits.amountPerRun],
    ["amountPerDay", limits.amountPerDay],
  ] as const;
  for (const [i, [name, value]] of ordered.entries())
    for (const [wider, most] of ordered.slice(i + 1))
      if (value !== undefined && most !== undefined && value > most)
        found.push({
          what: `limits.${name} is ${value}, but limits.${wider} is only ${most}`,
          change: `Raise limits.${wider} or lower limits.${name}.`,
        });
  for (const kind of EFFECT_KINDS) {
    const [run, day] = [limits.countPerRun[kind], limits.countPerDay[kind]];
    if (run !== undefined && day !== undefined && run > day)
      found.push({
        what: `limits.countPerRun.${kind} is ${run}, but limits.countPerDay.${kind} is only ${day}`,
        change: `Raise limits.countPerDay.${kind} or lower limits.countPerRun.${kind}.`,
      });
    const allows = rules.some((rule) => rule.verdict === "allow" && rule.effects?.includes(kind));
    if ((run === 0 || day === 0) && limits.over === "deny" && (effects[kind] === "allow" || allows))
      found.push({
        what: `${kind} is allowed, but the limits allow none of it`,
        change: `Write "deny" for ${kind} in effects, or raise the limit.`,
      });
  }
  return found;
}

function ofSecrets({ secrets, hosts }: SafetyPolicy): Contradiction[] {
  return Object.entries(secrets).flatMap(([name, secret]) => {
    const found: Contradiction[] = [];
    if ((secret.env === undefined) === (secret.file === undefined))
      found.push({
        what: `secrets.${name} has ${secret.env === undefined ? "neither env nor file" : "both env and file"}`,
        change: `Say where ${name} comes from: env or file.`,
      });
    const outside = hosts && secret.hosts.find((entry) => !isWithin(entry, hosts));
    if (outside !== undefined)
      found.push({
        what: `secrets.${name} is for ${outside}, which is not one of hosts`,
        change: `Add ${outside} to hosts, or remove it from the secret.`,
      });
    return found;
  });
}
