import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { App } from "../apps/app.ts";
import { APPLICATIONS, findApp } from "../apps/list.ts";
import { ConfigError } from "../core/errors.ts";
import { writeRecord } from "./copy-records.ts";
import { appDirectory, installApp, requireInstalled, stateOf } from "./apps.ts";
import { loadSuite } from "./load-suite.ts";
import { createOwnSuite } from "./own-suite.ts";

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "webrl-apps-")), "app");
});
afterEach(async () => rm(join(folder, ".."), { recursive: true }));

const app = (change: Partial<App> = {}): App => ({
  name: "notes",
  title: "Notes 1",
  revision: 3,
  packages: {},
  install: async (directory, run) => {
    await run("echo made > content");
    await writeFile(join(directory, "more"), "");
  },
  site: () => ({ name: "notes", baseUrl: "http://127.0.0.1:1", tasks: [{ id: "a", instruction: "Do it." }] }),
  ...change,
});

test("an application is installed whole: its steps run in its folder, and then it is said to be there", async () => {
  expect(await stateOf(app(), folder)).toBe("absent");
  await expect(requireInstalled(app(), folder)).rejects.toMatchObject({
    name: "ConfigError",
    hint: `Run \`webrl apps install notes --directory ${folder}\`.`,
  });
  const steps: string[] = [];
  await installApp(app(), folder, { onStep: (command) => steps.push(command) });
  expect(steps).toEqual(["echo made > content"]);
  expect(await readFile(join(folder, "content"), "utf8")).toBe("made\n");
  expect(await stateOf(app(), folder)).toBe("installed");
  await requireInstalled(app(), folder);
});

test("what an earlier recipe made is not used, and is made anew by installing again", async () => {
  await installApp(app(), folder);
  await writeFile(join(folder, "left"), "");
  const next = app({ revision: 4 });
  await expect(requireInstalled(next, folder)).rejects.toThrow(/another version of the recipe/);
  await installApp(next, folder);
  expect(await stateOf(next, folder)).toBe("installed");
  expect(existsSync(join(folder, "left"))).toBe(false);
});

test("a damaged mark is repaired by installing again", async () => {
  await installApp(app(), folder);
  for (const damaged of ["", "{", "[]"]) {
    await writeFile(join(folder, "installed.json"), damaged);
    expect(await stateOf(app(), folder)).toBe("stale");
    await expect(requireInstalled(app(), folder)).rejects.toMatchObject({
      message: expect.stringContaining("or is damaged"),
      hint: `Run \`webrl apps install notes --directory ${folder}\`.`,
    });
    await installApp(app(), folder);
    await requireInstalled(app(), folder);
  }
});

test.runIf(process.platform === "linux")("a folder in which nothing can be made is refused", async () => {
  await expect(installApp(app(), "/proc/nothing/here")).rejects.toMatchObject({
    code: "ENOENT",
    syscall: "mkdir",
  });
});

test("it is not installed anew under copies that run; those that a killed process left are none", async () => {
  await installApp(app(), folder);
  const here = { baseUrl: "http://127.0.0.1:1", port: 1, copy: 0 };
  writeRecord(folder, here, process.pid, "mark", "suite");
  await expect(installApp(app(), folder)).rejects.toMatchObject({
    name: "ConfigError",
    message: `http://127.0.0.1:1, a copy of what is installed in ${folder}, runs for the process ${process.pid}`,
  });
  writeRecord(folder, here, process.pid, "mark", "background");
  await expect(installApp(app(), folder)).rejects.toMatchObject({
    hint: `Run \`webrl apps stop notes --directory ${folder}\` first.`,
  });
  writeRecord(folder, here, 2 ** 30, "mark", "background");
  await installApp(app(), folder);
  expect(await stateOf(app(), folder)).toBe("installed");
});

test("a missing package is named, with the command that installs it", async () => {
  const needs = app({ packages: { "php-cli": "/nowhere/php", "php-sqlite3": "/nowhere/so", sh: "/bin/sh" } });
  for (const wanting of [installApp(needs, folder), requireInstalled(needs, folder)])
    await expect(wanting).rejects.toMatchObject({
      name: "ConfigError",
      message: "notes needs the Debian packages php-cli, php-sqlite3, which are not installed",
      hint: "Install with: apt-get install --no-install-recommends php-cli php-sqlite3",
    });
  expect(existsSync(folder)).toBe(false);
});

test("a step that fails is said with its output; the next try begins anew; a folder of somebody else's is left alone", async () => {
  const broken = app({ install: async (_, run) => run("echo no such thing >&2; exit 4") });
  await expect(installApp(broken, folder)).rejects.toThrow(
    /notes could not be installed: .*ended with 4.*no such thing/,
  );
  expect(await stateOf(broken, folder)).toBe("absent");
  await installApp(app(), folder);
  const foreign = join(folder, "..", "foreign");
  await mkdir(foreign);
  await writeFile(join(foreign, "letter"), "");
  await expect(installApp(app(), foreign)).rejects.toThrow(/exists, but no application was installed there/);
  expect(existsSync(join(foreign, "letter"))).toBe(true);
});

test("a name that nothing has is answered with the nearest one", async () => {
  expect(() => findApp("tidlywiki")).toThrow(/the nearest is tiddlywiki/);
  await expect(loadSuite("app:nothing-like-it")).rejects.toThrow(ConfigError);
  await expect(loadSuite("app:tiddlywiki", folder)).rejects.toThrow(/tiddlywiki is not installed in/);
});

test.each(APPLICATIONS.map((each) => [each.name, each] as const))(
  "%s: at least 15 templates, each with checks and an oracle, whose tasks have different instructions",
  (name, each) => {
    const suite = createOwnSuite(each.site("/nowhere"), "/nowhere");
    const tasks = suite.tasks();
    const templates = new Set(tasks.map(({ templateId }) => templateId));
    expect(suite.name).toBe(name);
    expect(templates.size).toBeGreaterThanOrEqual(15);
    expect(tasks.filter((task) => !suite.hasOracle(task))).toEqual([]);
    expect(new Set(tasks.map(({ instruction }) => instruction)).size).toBe(tasks.length);
    expect(appDirectory(each)).toContain(name);
  },
);
