/** @file What a release does to CHANGELOG.md, and the notes that it takes from there. Pure. */

const UNRELEASED = "## Unreleased";

/**
 * Gives what stands under "Unreleased" the version and the day, and leaves an empty "Unreleased" above it. Throws if
 * nothing stands there, or if the version has been released already.
 */
export function releaseChangelog(
  changelog: string,
  version: string,
  day: string,
): { changelog: string; notes: string } {
  const start = changelog.indexOf(`${UNRELEASED}\n`);
  if (start === -1) throw new Error(`CHANGELOG.md has no "${UNRELEASED}"`);
  if (changelog.includes(`\n## ${version} `)) throw new Error(`CHANGELOG.md has ${version} already`);
  const from = start + UNRELEASED.length + 1;
  const next = changelog.indexOf("\n## ", from);
  const to = next === -1 ? changelog.length : next + 1;
  const notes = changelog.slice(from, to).trim();
  if (notes === "") throw new Error('nothing stands under "Unreleased" in CHANGELOG.md');
  const before = `${changelog.slice(0, from)}\n## ${version} (${day})\n\n${notes}\n`;
  const after = changelog.slice(to);
  return { changelog: after === "" ? before : `${before}\n${after}`, notes: `${notes}\n` };
}

/** Whether `next` comes after `last`; both are MAJOR.MINOR.PATCH. */
export function isLater(next: string, last: string): boolean {
  const [a, b] = [next, last].map((text) => text.split(".").map(Number));
  const at = a!.findIndex((part, i) => part !== b![i]);
  return at !== -1 && a![at]! > b![at]!;
}
