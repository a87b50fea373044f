/**
 * @file Which Node webrl needs. Imports only Node's own modules, because it runs first, even on a Node that is too old.
 */

import { readFileSync } from "node:fs";

/** What is wrong with this Node, or null. `needed`: `engines.node` of package.json, `>=MAJOR.MINOR`. */
export function nodeTooOld(version = process.versions.node, needed = neededNode()): string | null {
  const parse = (text: string) => text.replace(/^\D+/, "").split(".").map(Number);
  const [major = 0, minor = 0] = parse(version);
  const [leastMajor = 0, leastMinor = 0] = parse(needed);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return null;
  return `webrl needs Node ${leastMajor}.${leastMinor} or newer, and this is ${version}`;
}

export const NODE_REMEDY =
  "Get a newer Node from https://nodejs.org or with nvm; for one folder, `npm install node@22` and `npx webrl`.";

function neededNode(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { engines: { node: string } }).engines.node;
}
