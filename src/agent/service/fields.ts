/**
 * @file Values that the runtime asks customers for, such as an order number: declared in the policy, and checked before
 * use.
 */

import { z } from "zod";

export const fieldSchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-zA-Z0-9]*$/, "must be a name such as order or orderNumber")
      .describe("The name by which pages and instructions refer to it: `{order}`."),
    label: z.string().min(1).max(120).describe("The label that the customer sees."),
    kind: z.enum(["text", "email", "number", "choice"]).default("text"),
    pattern: z.string().optional().describe("A regular expression that the whole value must match."),
    options: z.array(z.string().min(1)).min(2).optional().describe("Options of a choice."),
  })
  .superRefine(({ kind, options, pattern }, issues) => {
    if ((kind === "choice") !== (options !== undefined))
      issues.addIssue({
        code: "custom",
        path: ["options"],
        message: "a choice needs options, and other kinds have none",
      });
    if (pattern !== undefined && !isPattern(pattern))
      issues.addIssue({
        code: "custom",
        path: ["pattern"],
        message: `${JSON.stringify(pattern)} is not a regular expression`,
      });
  });
export type Field = z.infer<typeof fieldSchema>;
export type Values = Record<string, string>;

/** The most characters of a customer's value. */
const MAX_CHARACTERS = 200;
const EMAIL = /[^\s@<>(),;:"']+@[^\s@<>(),;:"']+\.[^\s@<>(),;:"'.]+/;

function isPattern(pattern: string): boolean {
  try {
    new RegExp(pattern, "u");
    return true;
  } catch {
    return false;
  }
}

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`, "iu");

/** The normalized value, or what is wrong with it. */
export function checkValue(field: Field, given: string): { value: string } | { error: string } {
  const value = given.normalize("NFKC").trim();
  const { label, kind, pattern, options } = field;
  if (value === "") return { error: `${label} is missing.` };
  if (value.length > MAX_CHARACTERS) return { error: `${label} has at most ${MAX_CHARACTERS} characters.` };
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(value))
    return { error: `${label} contains characters that cannot be printed.` };
  if (kind === "choice") {
    const chosen = options!.find((option) => option.toLowerCase() === value.toLowerCase());
    return chosen === undefined
      ? { error: `${label} must be one of ${options!.join(", ")}.` }
      : { value: chosen };
  }
  if (kind === "email" && !new RegExp(`^${EMAIL.source}$`).test(value))
    return { error: `${label} does not look like an e-mail address.` };
  if (kind === "number" && !/^\d{1,15}$/.test(value)) return { error: `${label} is a number.` };
  if (pattern !== undefined && !whole(pattern).test(value)) return { error: `${label} does not look right.` };
  return { value };
}

/** All values, or what is wrong, by field. */
export function checkValues(
  fields: readonly Field[],
  given: Readonly<Record<string, unknown>>,
): { values: Values; errors: Values } {
  const values: Values = {};
  const errors: Values = {};
  for (const field of fields) {
    const raw = given[field.name];
    const checked = checkValue(
      field,
      typeof raw === "string" ? raw : typeof raw === "number" ? String(raw) : "",
    );
    if ("error" in checked) errors[field.name] = checked.error;
    else values[field.name] = checked.value;
  }
  return { values, errors };
}

/** Finds the fields' values in a message, if a customer writes instead of filling in the form. */
export function readValues(fields: readonly Field[], text: string): Values {
  const values: Values = {};
  let rest = text;
  // Fields with a recognizable form come first, so that a free text gets the rest.
  const order = [...fields].sort((a, b) => rank(a) - rank(b));
  for (const field of order) {
    const found = candidates(field, rest).find((candidate) => "value" in checkValue(field, candidate));
    if (found === undefined) continue;
    const checked = checkValue(field, found);
    if ("value" in checked) values[field.name] = checked.value;
    rest = rest.replace(found, " ");
  }
  return values;
}

const rank = ({ kind, pattern }: Field) =>
  kind === "email" ? 0 : kind === "choice" ? 1 : pattern || kind === "number" ? 2 : 3;

function candidates({ kind, pattern, options }: Field, text: string): string[] {
  if (kind === "email") return [...text.matchAll(new RegExp(EMAIL, "g"))].map(([match]) => match);
  if (kind === "choice") {
    const lower = text.toLowerCase();
    const named = options!.filter((option) => lower.includes(option.toLowerCase()));
    return named.length === 1 ? named : [];
  }
  if (pattern === undefined && kind === "text") return [text];
  const words = text.split(/[\s,;:!?()"']+/).map((word) => word.replace(/^#|[.]+$/g, ""));
  return [text.trim(), ...words.filter((word) => word !== "")];
}
