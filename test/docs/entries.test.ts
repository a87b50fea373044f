/** What can be imported from the package says what it is. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const { exports } = JSON.parse(read("package.json")) as {
  exports: Record<string, string | { default: string }>;
};
const ENTRIES = Object.values(exports).flatMap((entry) =>
  typeof entry === "string" ? [] : [entry.default.replace("./dist/", "src/").replace(/\.js$/, ".ts")],
);

test("every function and class of a public entry has a comment that documents it", () => {
  const bare = new Set<string>();
  for (const entry of ENTRIES)
    for (const { file, names } of exported(entry)) {
      const source = read(file);
      for (const name of names) {
        const declared = new RegExp(
          `^export (?:declare )?(?:async )?(?:function\\*?|class|const) ${name}\\b`,
          "m",
        ).exec(source);
        if (declared && !/\*\/\s*$/.test(source.slice(0, declared.index))) bare.add(`${file}: ${name}`);
      }
    }
  expect([...bare]).toEqual([]);
});

/** What an entry exports by name, by the file that declares it; types alone are left out. */
function exported(entry: string): { file: string; names: string[] }[] {
  return [...read(entry).matchAll(/^export \{([^}]*)\} from "([^"]+)";/gm)].map(([, list, from]) => ({
    file: join(dirname(entry), from!),
    names: list!
      .split(",")
      .map((name) => name.trim().split(" as ")[0]!)
      .filter((name) => name !== "" && !name.startsWith("type ")),
  }));
}
