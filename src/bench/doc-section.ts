/** @file Writes the benchmarks' parts of `docs/results.md`, each between its two marks, and nothing outside them. */

import { ConfigError } from "../core/errors.ts";
import { readIfThere } from "../run/json-lines.ts";
import { writeAtomically } from "../run/run-directory.ts";

/**
 * Writes what a benchmark found between its marks, `<!-- bench NAME -->` and `<!-- end of bench NAME -->`; at the end
 * of the file if it has none yet. Throws a `ConfigError` if only one of the two is there.
 */
export async function writeSection(file: string, name: string, section: string): Promise<void> {
  const before = await readIfThere(file);
  await writeAtomically(file, withSection(before === "" ? "# Results\n" : before, name, section, file));
}

export function withSection(page: string, name: string, section: string, file: string): string {
  const [begin, end] = [`<!-- bench ${name} -->`, `<!-- end of bench ${name} -->`];
  const whole = `${begin}\n\n${section.trim()}\n\n${end}`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 && to < 0) return `${page.trimEnd()}\n\n${whole}\n`;
  if (from < 0 || to < from)
    throw new ConfigError(
      `${file} has only one of the marks ${begin} and ${end}, or has them in the wrong order`,
      "Put both back around what the benchmark writes, or take both out.",
    );
  return `${page.slice(0, from)}${whole}${page.slice(to + end.length)}`;
}

/** A Markdown table. */
export function markdownTable(head: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const line = (cells: readonly unknown[]) => `| ${cells.map(String).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}
