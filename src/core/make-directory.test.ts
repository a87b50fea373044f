import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDirectory } from "./make-directory.ts";

let here: string;
beforeAll(async () => {
  here = await mkdtemp(join(tmpdir(), "webrl-make-"));
});
afterAll(() => rm(here, { recursive: true }));

test("makes what is missing above it, and leaves what is there", async () => {
  await makeDirectory(join(here, "a/b/c"), 0o700);
  expect((await stat(join(here, "a/b/c"))).mode & 0o777).toBe(0o700);
  await writeFile(join(here, "a/b/c/file"), "");
  await makeDirectory(join(here, "a/b/c"));
  expect((await stat(join(here, "a/b/c/file"))).isFile()).toBe(true);
  await makeDirectory("/");
  await Promise.all([1, 2, 3].map(() => makeDirectory(join(here, "x/y"))));
});

test("several at once share what is missing above them", async () => {
  // Whoever comes second finds that the directory above was missing a moment ago and is there now.
  for (let round = 0; round < 40; round++)
    await Promise.all(Array.from({ length: 8 }, (_, i) => makeDirectory(join(here, `r${round}/s/${i}`))));
  expect((await stat(join(here, "r39/s/7"))).isDirectory()).toBe(true);
});

test("throws where a part of the path is something else", async () => {
  await writeFile(join(here, "file"), "");
  await symlink(join(here, "nowhere"), join(here, "dangling"));
  await symlink(join(here, "loop"), join(here, "loop"));
  await expect(makeDirectory(join(here, "file"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectory(join(here, "file/x"))).rejects.toMatchObject({ code: "ENOTDIR" });
  await expect(makeDirectory(join(here, "dangling"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectory(join(here, "dangling/x/y"))).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectory(join(here, "loop/x"))).rejects.toMatchObject({ code: "ELOOP" });
  await expect(makeDirectory(join(here, "n".repeat(300)))).rejects.toMatchObject({ code: "ENAMETOOLONG" });
});

test.runIf(process.platform === "linux")("throws where nothing can be made in what exists", async () => {
  await expect(makeDirectory("/proc/x")).rejects.toMatchObject({ code: "ENOENT" });
  await expect(makeDirectory("/proc/self/x/y")).rejects.toMatchObject({ code: "ENOENT" });
});

test("nothing else in the sources makes missing parents", async () => {
  const src = join(import.meta.dirname, "..");
  const files = (await readdir(src, { recursive: true })).filter(
    (file) => /\.tsx?$/.test(file) && !/\.test\.ts$|\/testing\//.test(file),
  );
  const recursive = [];
  for (const file of files)
    if (/\bmkdir(Sync)?\([^;]*recursive: true/.test(await readFile(join(src, file), "utf8")))
      recursive.push(file);
  expect(recursive).toEqual([]);
});
