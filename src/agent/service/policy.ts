/**
 * @file What an agent may do for customers, as data: who is a customer, what they may see, what the agent does alone,
 * with a person, or never, and when a person takes over. See docs/agent.md for every key with an example.
 */

import { z } from "zod";
import { EFFECT_KINDS } from "../../core/effect.ts";
import { ConfigError } from "../../core/errors.ts";
import { invalidPolicy, readPolicyFile } from "../../safety/policy-file.ts";
import { parsePolicy, withSecretsBeside } from "../../safety/policy.ts";
import type { SafetyPolicy } from "../../safety/policy.ts";
import { fieldSchema } from "./fields.ts";

const pagePattern = z
  .string()
  .regex(
    /^(?:[\w.-]+(?::\d+)?)?\/[^\s?#]*$/,
    "must be a path such as /orders/{order}, /pages/* or help.example.com/faq/*, without ? and #",
  );

const checkStep = z
  .strictObject({
    open: pagePattern.describe("The page, with the customer's values in braces: `/orders/{order}`."),
    shows: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe("What the page must show, as a whole word or the value of a field: `{email}`."),
    link: z
      .string()
      .regex(/^\/[^\s?#]*$/, "must be a path such as /customers/:customer")
      .optional()
      .describe("A link that the page must have; from then on, `{name}` is the value of its `:name`."),
  })
  .refine(
    ({ shows, link }) => shows !== undefined || link !== undefined,
    "cannot fail: give `shows` or `link`",
  );

const limitsSchema = z.strictObject({
  conversations: z.int().min(1).default(200).describe("Conversations that are open at once."),
  atOnce: z
    .int()
    .min(1)
    .max(64)
    .default(4)
    .describe("Conversations in which the agent works at once, each with its own browser."),
  newPerMinute: z.int().min(1).default(30),
  messagesPerMinute: z.int().min(1).default(10).describe("Messages per minute in one conversation."),
  messages: z.int().min(2).default(200).describe("A customer's messages in one conversation."),
  characters: z.int().min(20).max(10_000).default(2000).describe("Characters of one message."),
  idleMinutes: z
    .number()
    .positive()
    .default(30)
    .describe("Minutes without activity after which a conversation is closed if nobody waits."),
  browserIdleSeconds: z
    .number()
    .positive()
    .default(120)
    .describe(
      "Seconds without activity after which a conversation's browser is closed; the next message opens one.",
    ),
  keepDays: z
    .number()
    .positive()
    .optional()
    .describe("Days after which a closed conversation is deleted. Default: it is kept."),
  steps: z.int().min(1).default(30).describe("Steps of the agent for one message."),
  seconds: z.number().positive().default(300),
});

export const servicePolicySchema = z.strictObject({
  name: z.string().min(1).max(80).default("Customer service").describe("Shown above the conversation."),
  greeting: z.string().min(1).max(1000).default("Hello! How can I help you?"),
  instructions: z
    .string()
    .max(4000)
    .default("")
    .describe("Tells the model what the shop is, how it speaks and what it promises."),
  identity: z
    .strictObject({
      ask: z.array(fieldSchema).min(1).max(6),
      check: z
        .array(checkStep)
        .min(1)
        .max(6)
        .optional()
        .describe("Checks on pages of the site. Without them, a function of the program must check."),
      when: z
        .enum(["first", "needed"])
        .default("needed")
        .describe("When to ask: before anything else, or when a customer's page is needed."),
      attempts: z
        .int()
        .min(1)
        .max(10)
        .default(3)
        .describe(
          "Failed attempts after which a person takes over; as many are allowed per hour for one value.",
        ),
    })
    .optional()
    .describe("How a customer becomes known. Without it, nobody is."),
  pages: z
    .strictObject({
      start: z
        .string()
        .regex(/^\/[^\s?#{}*]*$/, "must be a path such as /pages")
        .optional()
        .describe("Where the agent begins. Default: the site's own start."),
      public: z.array(pagePattern).min(1).describe("Pages that the agent may read for anybody."),
      own: z
        .array(pagePattern)
        .default([])
        .describe("Pages that the agent may read and use for a known customer: `/orders/{order}/*`."),
      home: pagePattern
        .optional()
        .describe("Where the agent goes once the customer is known: `/orders/{order}`."),
      lists: z
        .array(z.strictObject({ on: pagePattern, link: z.string().regex(/^\/[^\s?#]*$/) }))
        .default([])
        .describe(
          "Pages that become the customer's, with everything below them, if one of the customer's pages links to them.",
        ),
    })
    .describe(
      "What the agent can reach on the site, whatever it is told: no other request leaves its browser.",
    ),
  questions: z
    .array(fieldSchema)
    .max(30)
    .default([])
    .describe(
      "Questions that the agent may ask by name, such as `/ask reason`; the runtime checks the answers.",
    ),
  confirm: z
    .array(z.enum(EFFECT_KINDS))
    .default([...EFFECT_KINDS])
    .describe(
      "Effects that the customer confirms before they happen, in addition to what `safety` says about them.",
    ),
  safety: z
    .unknown()
    .optional()
    .describe(
      "A policy as for `webrl agent run --safety`: what the agent does alone, with a person, or never.",
    ),
  handover: z
    .strictObject({
      words: z
        .array(z.string().min(2))
        .default([
          "human",
          "real person",
          "speak to a person",
          "talk to a person",
          "speak to someone",
          "talk to someone",
        ])
        .describe("A message with one of these phrases asks for a person."),
      afterFailures: z
        .int()
        .min(1)
        .default(2)
        .describe("A person takes over after this many turns in a row without a result."),
      unseenNumbers: z
        .boolean()
        .default(true)
        .describe(
          "Do not send an answer with a number that is in no page, message or instruction: a person takes over.",
        ),
      message: z
        .string()
        .min(1)
        .default("A person will go on here. They see what was written so far; you need not repeat it."),
    })
    .prefault({}),
  limits: limitsSchema.prefault({}),
});

export type ServicePolicy = Omit<z.infer<typeof servicePolicySchema>, "safety"> & { safety: SafetyPolicy };

/** The policy of a service as a person writes it: what is left out gets its default. */
export type ServiceSettings = z.input<typeof servicePolicySchema>;

/** Checks a policy and fills in its defaults. Throws a `ConfigError` that says what is wrong and what to change. */
export function parseServicePolicy(raw: unknown, from = "the policy"): ServicePolicy {
  const parsed = servicePolicySchema.safeParse(raw);
  if (!parsed.success) throw invalidPolicy(parsed.error, KEYS, from);
  const policy = { ...parsed.data, safety: parsePolicy(parsed.data.safety ?? {}, `safety of ${from}`) };
  const wrong = contradictions(policy);
  if (wrong.length > 0)
    throw new ConfigError(`${from} contradicts itself: ${wrong.join("; ")}`, "Change one side of each.");
  return policy;
}

const KEYS = [
  ...Object.keys(servicePolicySchema.shape),
  ...Object.keys(limitsSchema.shape),
  ..."ask check when attempts start public own lists on link open shows words afterFailures message name label kind pattern options".split(
    " ",
  ),
];

export async function loadServicePolicy(file: string): Promise<ServicePolicy> {
  const policy = parseServicePolicy(await readPolicyFile(file), `the policy ${file}`);
  return { ...policy, safety: withSecretsBeside(policy.safety, file) };
}

/** Names in braces. */
const namesIn = (pattern: string): string[] =>
  [...pattern.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!);

function contradictions({ identity, pages, questions, confirm, safety }: ServicePolicy): string[] {
  const found: string[] = [];
  const known = new Set(identity?.ask.map(({ name }) => name) ?? []);
  if (identity && known.size < identity.ask.length)
    found.push("two fields of identity.ask have the same name");
  for (const [i, { open, shows = [], link }] of (identity?.check ?? []).entries()) {
    for (const name of [open, ...shows].flatMap(namesIn))
      if (!known.has(name)) found.push(`identity.check.${i} uses {${name}}, which has no value by then`);
    for (const [, name] of (link ?? "").matchAll(/:(\w+)/g)) known.add(name!);
  }
  const used = (identity?.check ?? []).flatMap(({ open, shows = [] }) => [open, ...shows].flatMap(namesIn));
  if (identity?.check)
    for (const { name } of identity.ask)
      if (!used.includes(name))
        found.push(`identity asks for ${name}, but no check uses it: it would prove nothing`);
  if (identity?.check && identity.check.every(({ shows }) => shows === undefined))
    found.push("no identity.check says what a page must show: whoever knows a number would count as known");
  const own = [...pages.own, ...pages.lists.map(({ on }) => on)];
  if (identity && own.length === 0)
    found.push("identity is checked, but no page is a customer's own (pages.own)");
  if (!identity && own.length > 0) found.push("pages.own is for known customers, but there is no identity");
  // Without a check, the program's function may return more names than are asked for.
  for (const name of own.flatMap(namesIn))
    if (identity?.check && !known.has(name))
      found.push(`pages.own uses {${name}}, which identity does not provide`);
  if (pages.home !== undefined && !own.some((pattern) => patternCovers(pattern, pages.home!)))
    found.push(`pages.home is ${pages.home}, which is not among pages.own`);
  for (const pattern of own)
    if (namesIn(pattern).length === 0)
      found.push(
        `${pattern} in pages.own contains no value of the customer, such as {order}: every customer could see it`,
      );
  for (const pattern of [...pages.public, ...(pages.start === undefined ? [] : [pages.start])])
    if (namesIn(pattern).length > 0)
      found.push(`${pattern} is a public page, but contains a value of a customer`);
  if (pages.start !== undefined && !pages.public.some((pattern) => patternCovers(pattern, pages.start!)))
    found.push(`pages.start is ${pages.start}, which is not among pages.public`);
  const names = questions.map(({ name }) => name);
  if (new Set(names).size < names.length) found.push("two questions have the same name");
  for (const name of names)
    if (known.has(name)) found.push(`${name} is both a question and a part of identity`);
  for (const kind of confirm)
    if (safety.effects[kind] === "deny" && safety.rules.length === 0 && confirm.length < EFFECT_KINDS.length)
      found.push(`confirm names ${kind}, but safety denies it`);
  return found;
}

/** Like `pathFits` of the gate, but the page may be a pattern itself. */
function patternCovers(pattern: string, page: string): boolean {
  if (pattern === page) return true;
  return pattern.endsWith("/*") && (page === pattern.slice(0, -2) || page.startsWith(pattern.slice(0, -1)));
}
