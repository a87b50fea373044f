import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const { exports } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
  exports: Record<string, { types: string; default: string } | string>;
};
/** `webrl/engine` → the path of its declarations below the output directory. */
const entries = Object.entries(exports).flatMap(([name, to]) =>
  typeof to === "string" ? [] : [[name.replace(/^\./, "webrl"), to.types.replace("./dist/", "")] as const],
);

// Declarations as the package has them; tsc is quick at these.
const out = mkdtempSync(join(tmpdir(), "webrl-types-"));
afterAll(() => rmSync(out, { recursive: true }));
execFileSync(process.execPath, [
  join(ROOT, "node_modules/typescript/bin/tsc"),
  "-p",
  join(ROOT, "tsconfig.build.json"),
  "--emitDeclarationOnly",
  "--outDir",
  out,
]);

/** Comments and texts hold words that are not types. */
const read = (path: string) =>
  readFileSync(path, "utf8")
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")
    .replace(/import\("[^"]+"\)\./g, "");

/** Names that a module exports from others, with the file that declares them. */
function reexported(path: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, list, from] of read(path).matchAll(/export (?:type )?(\*|\{[^}]*\}) from "(\.[^"]+)"/g)) {
    const file = join(dirname(path), from!.replace(/\.[jt]sx?$/, ".d.ts"));
    const names = list === "*" ? declared(file) : list!.slice(1, -1).split(",");
    for (const name of names) {
      const bare = name.replace(/^\s*type (?=\w)/, "").trim();
      if (bare !== "") found.set(bare, file);
    }
  }
  return found;
}

const DECLARATION =
  /^export (?:declare )?(?:async )?(?:abstract )?(?:function|const|class|interface|type) (\w+)/gm;
const declared = (path: string) => [...read(path).matchAll(DECLARATION)].map(([, name]) => name!);

/** The text of each declaration of `name`. */
function declarationsOf(path: string, name: string): string {
  const statements = read(path).split(/\n(?=export |declare |interface |type |import )/);
  return statements
    .filter((text) =>
      new RegExp(
        `^(?:export )?(?:declare )?(?:async )?(?:function|const|class|interface|type) ${name}\\b`,
      ).test(text),
    )
    .join("\n");
}

/** Types of this package that the declaration of `name` speaks of. */
function typesIn(path: string, name: string): string[] {
  const imported = [...read(path).matchAll(/import (?:type )?\{([^}]*)\} from "\.[^"]+"/g)].flatMap(
    ([, list]) => list!.split(",").map((item) => item.replace(/^\s*type (?=\w)/, "").trim()),
  );
  const local = [...read(path).matchAll(/^(?:export )?(?:declare )?(?:class|interface|type) (\w+)/gm)].map(
    (m) => m[1]!,
  );
  const known = new Set([...imported, ...local]);
  const text = declarationsOf(path, name).replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return [...new Set(text.match(/\b[A-Z]\w*/g))].filter((word) => known.has(word) && word !== name);
}

describe.each(entries)("%s", (_, file) => {
  const names = reexported(join(out, file));

  test("exports every type that its exports speak of", () => {
    const missing = [...names].flatMap(([name, path]) =>
      typesIn(path, name)
        .filter((type) => !names.has(type))
        .map((type) => `${type}, of ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test("exports nothing that is not there", () => {
    expect([...names].filter(([name, path]) => declarationsOf(path, name) === "")).toEqual([]);
  });
});

test("what examples and documentation import from the package is exported", () => {
  const files = ["README.md", ...["docs", "examples"].flatMap((folder) => filesIn(folder))];
  const known = new Map(entries.map(([name, file]) => [name, reexported(join(out, file))]));
  const imports = files.flatMap((file) =>
    [
      ...readFileSync(join(ROOT, file), "utf8").matchAll(/import (?:type )?\{([^}]*)\} from "(webrl[^"]*)"/g),
    ].flatMap(([, list, entry]) =>
      list!
        .split(",")
        .map((name) => name.replace(/^\s*type (?=\w)/, "").trim())
        .filter((name) => name !== "" && !known.get(entry!)?.has(name))
        .map((name) => `${file}: ${name} from ${entry}`),
    ),
  );
  expect(imports).toEqual([]);
  // Examples that reach into the sources.
  const outside = files.filter(
    (file) =>
      /^examples.*(?<!\.test)\.ts$/.test(file) &&
      /from "\.\.\/\.?/.test(readFileSync(join(ROOT, file), "utf8")),
  );
  expect(outside).toEqual([]);
});

function filesIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(md|ts|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath.slice(ROOT.length), entry.name));
}
