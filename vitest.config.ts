import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const path = (inside: string) => fileURLToPath(new URL(inside, import.meta.url));

const browser = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  pool: "forks",
  // On a busy machine of CI a page may be slower than its bounds; at a desk a test that fails now and then is seen.
  retry: process.env["CI"] ? 1 : 0,
} as const;

/**
 * One project after the other: unit tests share the cores; the browser room's tests, which watch what a page does and
 * when, run apart from those that also train and sample; both wait much of the time, so three files run at once; the
 * package's test builds `dist/` anew, which others may be reading. Applications that come from Debian's packages are
 * tested only by `npm run test:apps`.
 */
export default defineConfig({
  // The package by its own name, from its sources; as `paths` in tsconfig.json, which tsx reads, too.
  resolve: {
    alias: [
      { find: /^webrl$/, replacement: path("src/index.ts") },
      { find: /^webrl\/(chat|method)$/, replacement: path("src/$1.ts") },
      { find: /^webrl\/(.+)$/, replacement: path("src/$1/index.ts") },
    ],
  },
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["src/**/*.test.ts", "src/**/*.test.tsx", "examples/**/*.test.ts", "test/docs/*.test.ts"],
          exclude: ["**/*.browser.test.ts"],
          testTimeout: 60_000,
          pool: "forks",
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          ...browser,
          name: "browser",
          include: ["src/browser/*.browser.test.ts"],
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          ...browser,
          name: "browser-uses",
          include: ["src/**/*.browser.test.ts"],
          exclude: ["src/browser/*.browser.test.ts", "src/tasks/apps.browser.test.ts"],
          maxWorkers: 3,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          name: "package",
          include: ["test/package/*.test.ts"],
          testTimeout: 60_000,
          sequence: { groupOrder: 4 },
        },
      },
      {
        extends: true,
        test: {
          ...browser,
          name: "apps",
          include: ["src/tasks/apps.browser.test.ts"],
          sequence: { groupOrder: 5 },
        },
      },
    ],
  },
});
