import { execFile } from "node:child_process";
import { appendFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { headOf } from "./run-files.ts";
import type { LinePlace } from "./tailed-lines.ts";
import { readLineAt, tailJson, tailLines } from "./tailed-lines.ts";

let directory: string;
let count = 0;
const fresh = () => join(directory, `${count++}.jsonl`);
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-lines-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("lines that are being written", () => {
  it("are read once, and a line without its end only when it has one", async () => {
    const path = fresh();
    let read = 0;
    const lines = tailLines(path, (text) => {
      read++;
      return JSON.parse(text) as number;
    });
    expect(await lines.refresh()).toEqual([]);
    await writeFile(path, "1\n2\n3");
    expect(await lines.refresh()).toEqual([1, 2]);
    expect(lines.problems).toEqual([`${path} ends in the middle of a line`]);
    await appendFile(path, "4\n5\n");
    expect(await lines.refresh()).toEqual([1, 2, 34, 5]);
    expect(lines.problems).toEqual([]);
    expect(read).toBe(4);
  });

  it("give the same array while nothing changes", async () => {
    const path = fresh();
    await writeFile(path, "{}\n");
    const lines = tailJson(path);
    expect(await lines.refresh()).toBe(await lines.refresh());
  });

  it("are read anew where a resumed run cut the file and wrote something else, even to the same length", async () => {
    const path = fresh();
    const lines = tailJson(path);
    await writeFile(path, '{"a":1}\n{"a":2}\n{"a":3}\n');
    await lines.refresh();
    await truncate(path, 8);
    await appendFile(path, '{"a":7}\n{"a":8}\n{"a":9}\n');
    expect(await lines.refresh()).toEqual([1, 7, 8, 9].map((number) => ({ a: number })));
    await rm(path);
    expect(await lines.refresh()).toEqual([]);
  });

  it("are skipped and named where they are not JSON", async () => {
    const path = fresh();
    const deep = `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`;
    const damaged = ['{"a', "null", "7", '"text"', "[1]", deep];
    await writeFile(path, ['{"a":1}', ...damaged, '{"a":2}', ""].join("\n"));
    const lines = tailJson(path);
    expect(await lines.refresh()).toEqual([{ a: 1 }, { a: 2 }]);
    expect(lines.problems).toEqual(damaged.map((_, i) => `${path}:${i + 2} cannot be read`));
  });

  it("are empty and say why where the file is none, and are read once it is one", async () => {
    const [path, target] = [fresh(), fresh()];
    await writeFile(target, '{"a":1}\n');
    const lines = tailJson(path, directory);
    for (const [make, why] of [
      [() => symlink(target, path), "is a symbolic link, or is behind one"],
      [() => mkdir(path), "is not a regular file"],
      [() => promisify(execFile)("mkfifo", [path]), "is not a regular file"],
    ] as const) {
      await make();
      expect(await lines.refresh()).toEqual([]);
      expect(lines.problems).toEqual([`${path} ${why}`]);
      await rm(path, { recursive: true });
    }
    await writeFile(path, '{"a":2}\n');
    expect(await lines.refresh()).toEqual([{ a: 2 }]);
    expect(lines.problems).toEqual([]);
  });

  it("have right offsets when they are longer than a chunk, and in any script", async () => {
    const path = fresh();
    const values = ["é".repeat(900_000), "short", "日本".repeat(400_000), ""].map((text) => ({ text }));
    await writeFile(path, values.map((value) => `${JSON.stringify(value)}\n`).join(""));
    const lines = tailLines<LinePlace>(path, (_, place) => place, { headBytes: 10 });
    const places = await lines.refresh();
    expect(places.length).toBe(4);
    for (const [i, place] of places.entries())
      expect(await readLineAt(path, place, dirname(path))).toEqual(values[i]);
  });
});

describe("the head of an episode's line", () => {
  const task = { id: 'a"b', sites: ["x"], instruction: "use { and } and \\" };
  it("has id and task, whatever follows", () => {
    const line = JSON.stringify({
      id: "phase-01/0001",
      trajectory: { id: "phase-01/0001", task, steps: ["…"] },
    });
    for (const text of [line, line.slice(0, line.indexOf('"steps"'))])
      expect(headOf(text)).toEqual({ id: "phase-01/0001", task });
  });
  it("is refused where it is cut within the task", () => {
    expect(() => headOf('{"id":"a","trajectory":{"id":"a","task":{"id":"b"')).toThrow(SyntaxError);
  });
});
