import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import sums from "../../examples/own-suite.ts";
import { mistakeOf, webrl } from "../cli/testing/webrl.ts";
import { isSuite, readSuite } from "./given-suite.ts";
import { loadSuite } from "./load-suite.ts";
import { restrictSuite } from "./restrict-suite.ts";

test("a file that exports a suite is a suite of its own, whose part is one, too", async () => {
  const suite = await loadSuite("own", "examples/own-suite.ts");
  expect(suite.name).toBe("sums");
  const part = restrictSuite(suite, { sites: ["sums"], templates: [] });
  expect(part.tasks({ split: "test" })).toHaveLength(4);
  expect(() => suite.task("sums.add/99")).toThrow(/the nearest is "sums.add\/9"/);
});

test("an instance of a class keeps its methods", () => {
  class Sums {
    name = "sums";
    catalog = null;
    descriptions = {};
    tasks() {
      return sums.tasks();
    }
    task(id: string) {
      return this.tasks().find((task) => task.id === id)!;
    }
    createSite() {}
    hasOracle() {}
    oracleFor() {}
    wrongAnswer() {}
  }
  expect({ ...readSuite(new Sums(), "x.ts") }.task("sums.add/3").params).toEqual({ a: 20, b: 14 });
});

test("what is missing, of another kind or misspelt in a suite is named; a site's definition is no suite", () => {
  const wrong = { ...sums, wrongAnswer: undefined, oracleFor: 3, colum: () => null };
  expect(() => readSuite(wrong, "x.ts")).toThrow(
    "the suite of x.ts is not valid: oracleFor must be a function; wrongAnswer (a function) is missing; it has no colum; the nearest is column",
  );
  expect([isSuite(sums), isSuite({ name: "desk", tasks: [] }), isSuite(null)]).toEqual([true, false, false]);
});

test("an unknown suite's message says how to bring one's own", async () => {
  const folder = await mkdtemp(join(tmpdir(), "webrl-suite-"));
  const file = join(folder, "bench.mjs");
  await writeFile(file, "export default { tasks: () => [] };");
  expect(mistakeOf(await webrl("suite", "list", "--suite", "mybench", "--file", file))).toContain(
    "--suite own --file FILE",
  );
  expect(mistakeOf(await webrl("suite", "list", "--suite", "own", "--file", file))).toContain(
    "createSite (a function) is missing",
  );
  await rm(folder, { recursive: true });
});
