/**
 * @file Secrets that a model names and never sees: `{{secret:NAME}}` in a text that is typed stands for the secret
 * until the moment of typing, and for nothing anywhere else. Each belongs to hosts. It is not typed into a field of
 * another host's page, into one in a frame of another host, or into a form that is sent to another host.
 */

import type { Action, ActionError } from "../core/action.ts";
import { nearest } from "../core/nearest.ts";
import { hostMatches } from "./addresses.ts";
import type { ElementFacts } from "./page/facts.ts";

/** A text that an agent may type without seeing it, and where. */
export interface Secret {
  value: string;
  /** As in `allowedHosts` of an episode; empty: nowhere. */
  hosts: readonly string[];
  /** Only into fields whose type, or a part of whose name or `autocomplete`, is one of these. Absent: into any. */
  fields?: readonly string[] | undefined;
}

/** Secrets by the names that placeholders use. */
export type Secrets = ReadonlyMap<string, Secret>;

const PLACEHOLDER = /\{\{\s*secret:\s*([^{}\s]*)\s*\}\}/g;

/** Whether a text names a secret. */
const namesSecret = (text: string): boolean => new RegExp(PLACEHOLDER.source).test(text);

const block = (message: string): ActionError => ({ code: "blocked", message });

/** The action as it is done: with the secrets that it names, where they belong. */
export function fillSecrets(
  action: Action,
  secrets: Secrets,
  elements: readonly ElementFacts[],
): { action: Action; names: string[] } | { error: ActionError } {
  if (action.kind !== "type" && action.kind !== "search" && action.kind !== "insert")
    return { action, names: [] };
  if (!namesSecret(action.text)) return { action, names: [] };
  const [element] = elements;
  if (!element) return { error: block("a secret is typed into a field, and no field was named") };
  let why: string | null = null;
  const names: string[] = [];
  const text = action.text.replace(PLACEHOLDER, (_, name: string) => {
    const secret = secrets.get(name);
    names.push(name);
    if (secret) why ??= whyNot(name, secret, element);
    else {
      const near = nearest(name, secrets.keys());
      why ??= `there is no secret ${JSON.stringify(name)}${near === undefined ? "" : `; the nearest is ${JSON.stringify(near)}`}`;
    }
    return secret?.value ?? "";
  });
  return why === null ? { action: { ...action, text }, names } : { error: block(why) };
}

function whyNot(name: string, secret: Secret, element: ElementFacts): string | null {
  const places: [what: string, address: string][] = [["the page", element.document]];
  if (element.form && element.form.method !== "DIALOG")
    places.push(["the form of this field", element.form.action]);
  for (const [what, address] of places)
    if (!belongsTo(secret.hosts, address))
      return `the secret ${name} is for ${secret.hosts.join(", ") || "no host"}, and ${what} is of ${hostOf(address)}`;
  if (!secret.fields) return null;
  const words = element.field.toLowerCase().split(/[^\p{L}\d]+/u);
  if (secret.fields.some((kind) => kind === element.type || words.includes(kind.toLowerCase()))) return null;
  return `the secret ${name} is for fields of the kind ${secret.fields.join(", ")}, and this one is ${element.type || element.tag} ${element.field}`.trim();
}

/** Whether an address belongs to one of these hosts. */
export function belongsTo(hosts: readonly string[], address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, port } = new URL(address);
  if (!/^(https?|wss?):$/.test(protocol)) return false;
  const number = port === "" ? (/^(https|wss):$/.test(protocol) ? 443 : 80) : Number(port);
  return hosts.some((entry) => hostMatches(entry, hostname, number));
}

export const hostOf = (address: string): string =>
  URL.canParse(address) ? new URL(address).host || new URL(address).protocol : address.slice(0, 60);
