/** @file What a request asks for in its content: operations by name, flags, states, GraphQL mutations. */

import { mutationsIn } from "./graphql.ts";
import type { Fields } from "./request.ts";
import { isVerb } from "./address-words.ts";

/** Names of parameters that say what to do. */
const OPERATION =
  /(?:^|[.[_])_?(?:action|act|do|op|operation|operationName|cmd|command|method|task|event|eventName|type|verb|mutation|intent|target|procedure|rpc|func)\]?$/i;
const READS = /^(?:get|list|fetch|load|find|query|search|is|has|count|view|watch|subscribe$)/i;
const LONGEST = 80;

const isDocument = (name: string) => /(?:^|\.)(?:query|mutation)$/i.test(name);
const isQuery = (text: string) => /^\s*(?:#[^\n]*\s*)*(?:query\b|\{)/.test(text);

/** Names of the GraphQL mutations in a request. */
export const mutationsOf = (fields: Fields): string[] =>
  fields.filter(([name]) => isDocument(name)).flatMap(([, value]) => mutationsIn(value));

export function operationsOf(fields: Fields): string[] {
  const mutations = mutationsOf(fields);
  const onlyQueries = isGraphQlQuery(fields);
  const named = fields
    .filter(([name]) => OPERATION.test(name) && !(onlyQueries && /operationName$/i.test(name)))
    .map(([, value]) => value)
    .filter((value) => !CHANGES.test(value));
  return [...named, ...addressesIn(fields), ...mutations, ...flagsIn(fields)].filter(
    (value) => value.length <= LONGEST && !READS.test(value),
  );
}

/** Methods that change something without saying what. */
const CHANGES = /^(?:POST|PUT|PATCH)$/;

/** Targets of requests inside a request: `{"method": "POST", "url": "/orders/3/refund"}`. */
function addressesIn(fields: Fields): string[] {
  return fields.flatMap(([name, method]) => {
    if (!/(?:^|\.)method$/i.test(name) || !CHANGES.test(method)) return [];
    const beside = name.replace(/method$/i, "");
    return fields.flatMap(([other, value]) =>
      other.startsWith(beside) && /^(?:relative_?)?(?:url|uri|path)$/i.test(other.slice(beside.length))
        ? [value.replace(/[?#].*$/s, "")]
        : [],
    );
  });
}

/** Whether it only reads with GraphQL. */
export const isGraphQlQuery = (fields: Fields): boolean =>
  fields.some(([name, value]) => /(?:^|\.)query$/.test(name) && isQuery(value)) &&
  mutationsOf(fields).length === 0;

const NO = /^(?:|0|false|off|no|null|undefined|none)$/i;
/** States that say that something was done. */
const STATES: [state: RegExp, verb: string][] = [
  [/^(?:deleted|trashed|trash|removed|cancel+ed|void(?:ed)?|revoked|terminated)$/i, "delete"],
  [/^(?:paid|refunded|charged)$/i, "pay"],
  [/^(?:ordered|purchased)$/i, "buy"],
  [/^(?:signed)$/i, "sign"],
  [/^(?:published|publish|public|live)$/i, "publish"],
  [/^(?:sent|submitted)$/i, "send"],
];
const verbOf = (state: string) => STATES.find(([pattern]) => pattern.test(state))?.[1];

/** `delete=1`, `{"published": true}`, `status=cancelled`. */
function flagsIn(fields: Fields): string[] {
  return fields.flatMap(([path, value]) => {
    const names = path.split(/[.[\]]+/).filter(Boolean);
    const name = names.at(-1);
    if (name === undefined || NO.test(value)) return [];
    // `{"delete": {"id": 3}}`.
    const outer = names.slice(0, -1).find((each) => /^_?(?:delete|destroy|remove|erase|purge)$/i.test(each));
    if (outer !== undefined) return outer;
    if (/(?:^|_)(?:status|state)$|(?:Status|State)$/.test(name)) return verbOf(value) ?? [];
    // In half of all programs, `cancel` only leaves a form.
    if (isVerb(name) && !/^cancel$/i.test(name)) return name;
    return verbOf(name.replace(/^is[_A-Z]?/, "")) ?? [];
  });
}
