import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import type { Task } from "../../core/task.ts";
import { writePages } from "../../tasks/miniwob/testing/pages.ts";
import { interruption } from "../command.ts";
import { jsonOf, mistakeOf, webrl } from "../testing/webrl.ts";

test("suite list filters tasks, and counts them by template", async () => {
  const { tasks } = jsonOf<{ tasks: Task[] }>(
    await webrl("suite", "list", "--site", "map", "--split", "test", "--limit", "5", "--json"),
  );
  expect(tasks).toHaveLength(5);
  for (const task of tasks) expect([task.split, task.sites.includes("map")]).toEqual(["test", true]);
  const { stdout } = await webrl("suite", "list", "--site", "map", "--templates");
  expect(stdout).toMatch(/^template +category +steps +train +validation +test$/m);
  expect(stdout).toMatch(/\d+ templates, \d+ tasks/);
});

test("suite show shows one task, and names the nearest where there is none", async () => {
  const { stdout } = await webrl("suite", "show", "map.nearest/3");
  expect(stdout).toMatch(/^task +map\.nearest\/3$/m);
  expect(stdout).toMatch(/^instruction +\S/m);
  expect(mistakeOf(await webrl("suite", "show", "map.nearst/3"))).toContain("map.nearest/3");
});

test("suite check refuses filters that leave nothing, before it starts a browser", async () => {
  expect(mistakeOf(await webrl("suite", "check", "--max-difficulty", "1", "--site", "forge"))).toContain(
    "the filters leave no task",
  );
  expect(mistakeOf(await webrl("suite", "check", "--instances", "0"))).toContain("at least 1");
  expect(mistakeOf(await webrl("suite", "check", "--format", "tree"))).toContain("compact, webrl, aria");
  expect(mistakeOf(await webrl("suite", "check", "--format", "aria"))).toContain(
    "can read pages only as compact",
  );
});

test("suite check names what is done in frames where the format shows none", async () => {
  const folder = await mkdtemp(join(tmpdir(), "webrl-frames-"));
  const site = `export default { name: "desk", baseUrl: "http://127.0.0.1:9", tasks: [
    { id: "settings", instruction: "Do it.", inFrame: true, *oracle() {} },
  ] };`;
  await writeFile(join(folder, "site.mjs"), site);
  const check = async (format: string) =>
    mistakeOf(
      await webrl("suite", "check", "--suite", "own", "--file", join(folder, "site.mjs"), "--format", format),
    );
  expect(await check("webrl")).toContain("not in the format webrl, which shows no frames: desk.settings");
  expect(await check("aria")).toContain("nothing answers at http://127.0.0.1:9");
  await rm(folder, { recursive: true });
});

test("commands say which pages of MiniWoB++ are missing", async () => {
  const folder = await writePages();
  const on = ["--suite", "miniwob", "--file", folder];
  const why = `120 of the 125 pages of MiniWoB++ are missing in ${folder}: `;
  const list = await webrl("suite", "list", ...on, "--templates");
  expect(list).toMatchObject({ status: 0, stdout: expect.stringContaining("5 templates") as string });
  expect(list.stderr).toContain(why);
  const nowhere = ["--site", "nowhere"];
  expect(mistakeOf(await webrl("suite", "check", ...on, ...nowhere))).toContain(why);
  const model = ["--model", "openai:m@http://127.0.0.1:9/v1"];
  expect(mistakeOf(await webrl("eval", ...on, ...model, ...nowhere))).toContain(why);
  await rm(folder, { recursive: true });
});

test("suite list and show know the problems that eval plays with --seeds", async () => {
  const folder = await writePages();
  const on = ["--suite", "miniwob", "--file", folder];
  const page = ["--template", "miniwob.click-button", "--json"];
  const { tasks } = jsonOf<{ tasks: Task[] }>(await webrl("suite", "list", ...on, ...page, "--seeds", "3"));
  expect(tasks.map(({ id }) => id)).toEqual([1, 2, 3].map((n) => `miniwob.click-button/${n}`));
  const show = ["suite", "show", "miniwob.click-button/6", ...on];
  expect(await webrl(...show, "--seeds", "10")).toMatchObject({ status: 0 });
  expect(mistakeOf(await webrl(...show))).toContain("no task");
  await rm(folder, { recursive: true });
});

test("suite check names the tasks that it cannot check, and says who can help", async () => {
  const folder = await writePages();
  const check = async (...args: string[]) => mistakeOf(await webrl("suite", "check", ...args));
  const page = ["--suite", "miniwob", "--file", folder, "--template", "miniwob.click-shades"];
  const shipped = await check(...page);
  expect(shipped).toContain("no solver: miniwob.click-shades");
  expect(shipped).toContain("choose tasks that have one");
  const site = `export default { name: "desk", baseUrl: "http://127.0.0.1:9", tasks: [
    { id: "settings", instruction: "Do it." },
  ] };`;
  await writeFile(join(folder, "site.mjs"), site);
  const own = await check("--suite", "own", "--file", join(folder, "site.mjs"));
  expect(own).toContain("no solver: desk.settings");
  expect(own).toContain("Write an oracle");
  await rm(folder, { recursive: true });
});

test("suite serve opens the sites until it is interrupted", async () => {
  const log = vi.spyOn(console, "log");
  const running = webrl("suite", "serve", "--port", "0");
  const url = await vi.waitUntil(() => /http:\S+/.exec(log.mock.calls.flat().join(""))?.[0], {
    timeout: 20_000,
  });
  expect((await fetch(url)).status).toBe(200);
  interruption.abort(new Error("interrupted"));
  expect((await running).status).toBe(0);
});
