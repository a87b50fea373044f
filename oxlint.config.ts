/**
 * @file The linter's rules, and which room of `src/` may import which: the table below. A test holds
 * docs/architecture.md to it. On Node 20, which reads no TypeScript, the scripts of package.json start the linter
 * through tsx.
 */

import { defineConfig } from "oxlint";

/** A room and those that it may import beside itself. Tests and the fakes in `testing/` folders may import any. */
const TABLE: [room: string, mayImport: readonly string[] | "all above"][] = [
  ["core", []],
  ["text", ["core"]],
  ["http", ["core"]],
  ["browser", ["core", "text"]],
  ["safety", ["core", "text", "browser"]],
  ["sites", ["core", "http", "browser"]],
  ["apps", ["core", "sites"]],
  ["tasks", ["core", "text", "browser", "sites", "apps"]],
  ["engine", ["core", "text", "http"]],
  ["exchange", ["core", "text", "engine"]],
  ["chat", ["core", "text"]],
  ["algo", ["core"]],
  ["reward", ["core", "text", "algo"]],
  ["curriculum", ["core", "text", "algo"]],
  ["replay", ["core", "text", "algo"]],
  ["rollout", ["core", "text"]],
  ["run", ["core", "text", "safety", "chat", "algo", "curriculum", "rollout"]],
  ["imitation", "all above"],
  ["train", "all above"],
  ["dashboard", ["core", "text", "http", "algo", "run"]],
  ["agent", "all above"],
  ["bench", "all above"],
  ["cli", "all above"],
  ["testing", ["core", "text"]],
];
const rooms = TABLE.map(([room]) => room);

export const MAY_IMPORT: ReadonlyMap<string, readonly string[]> = new Map(
  TABLE.map(([room, others], i) => [room, others === "all above" ? rooms.slice(0, i) : others]),
);

/** Folders below a room may have a room's name (`engine/onnx/train`), so a path is told by how far up it goes. */
const importRules = [...MAY_IMPORT].flatMap(([room, others]) =>
  [1, 2, 3, 4].map((depth) => {
    const denied = rooms.filter((other) => other !== room && !others.includes(other));
    const regex = `^(\\.\\./){${depth}}(${denied.join("|")})/`;
    const message = `src/${room} may import only: itself${others.map((other) => `, ${other}`).join("")} (docs/architecture.md)`;
    return {
      files: [`src/${room}/${"*/".repeat(depth - 1)}*`],
      rules: { "no-restricted-imports": ["error", { patterns: [{ regex, message }] }] as ["error", object] },
    };
  }),
);

export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "vitest"],
  categories: { correctness: "error" },
  rules: {
    "no-console": "error",
    "no-empty": ["error", { allowEmptyCatch: false }],
    eqeqeq: "error",
    "no-var": "error",
    "prefer-const": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/await-thenable": "error",
    "typescript/consistent-type-imports": "error",
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "vitest/require-mock-type-parameters": "off",
    "vitest/no-conditional-tests": "off",
    "typescript/no-base-to-string": "off",
    "typescript/restrict-template-expressions": "off",
  },
  overrides: [
    ...importRules,
    {
      files: ["**/*.test.ts", "**/*.test.tsx"],
      rules: {
        "no-restricted-imports": "off",
        "typescript/no-floating-promises": "off",
        // The kits' rules and properties assert inside.
        "vitest/expect-expect": ["error", { assertFunctionNames: ["expect*", "fc.assert", "rule.run"] }],
        "vitest/valid-title": "off",
        "vitest/no-conditional-expect": "off",
      },
    },
    // A graph has values and a value knows its graph: two types that are one thought.
    { files: ["src/engine/onnx/graph/{graph,value}.ts"], rules: { "import/no-cycle": "error" } },
    { files: ["src/*/**/testing/**"], rules: { "no-restricted-imports": "off" } },
    { files: ["src/cli/**", "examples/**"], rules: { "no-console": "off" } },
  ],
  ignorePatterns: ["dist/**", "models/**"],
});
