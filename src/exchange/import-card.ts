/** @file Writes the `README.md` of an imported model: where it comes from, and under which terms. */

/** The known facts, in order; `null` is left out. Texts from strangers are shown as one line each. */
export function importCard(facts: Record<string, string | null>): string {
  const rows = Object.entries(facts).flatMap(([name, value]) =>
    value === null ? [] : [`| ${name} | ${oneLine(value)} |`],
  );
  return [
    "# Imported model",
    "",
    "Imported by `webrl model import`.",
    "",
    "| | |",
    "| --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

const oneLine = (text: string) =>
  text
    .replace(/[\s|]+/g, " ")
    .trim()
    .slice(0, 200);
