import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stateSatisfies } from "../sites/define-site.ts";
import type { LoginStep, SiteDefinition, SiteFinished } from "../sites/define-site.ts";
import { createOwnSuite } from "./own-suite.ts";
import { answers } from "./server-process.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "webrl-users-"));
  await copyFile(
    fileURLToPath(new URL("testing/two-users.mjs", import.meta.url)),
    join(directory, "two-users.mjs"),
  );
});
afterAll(async () => rm(directory, { recursive: true }));

const signIn = (name: string): LoginStep[] => [
  { open: "/" },
  { fill: "User name", text: name },
  { fill: "Pass phrase", text: "open sesame" },
  { fill: "desk", text: "7" },
  { click: "Sign in" },
  { see: `Signed in as ${name}` },
];
const definition: SiteDefinition = {
  name: "two-users",
  baseUrl: "http://127.0.0.1:{port}",
  start: { command: "exec node two-users.mjs", timeoutMs: 60_000 },
  login: { ann: signIn("ann"), ben: signIn("ben") },
  tasks: [{ id: "first", instruction: "Look." }],
};

test("each task begins with its user signed in, by fields with a label, a placeholder or a name; checks know the copy and ask as any user", async () => {
  const finished: SiteFinished[] = [];
  const me = (as?: string) =>
    stateSatisfies<{ user: string | null }>(
      "/me",
      ({ user }) => (user === (as ?? null) ? [] : [`asked as ${as}, answered as ${user}`]),
      as === undefined ? {} : { as },
    );
  const suite = createOwnSuite(
    {
      ...definition,
      tasks: [
        { id: "first", instruction: "Look." },
        { id: "second", instruction: "Look as well.", user: "ben" },
        { id: "nobody", instruction: "Look around.", signedOut: true },
      ].map((task) => ({ ...task, check: [(end) => (finished.push(end), []), me(), me("ann"), me("ben")] })),
    },
    directory,
  );
  await using site = await suite.createSite();
  for (const [id, seen] of [
    ["first", "Signed in as ann"],
    ["second", "Signed in as ben"],
    ["nobody", "[button Sign in]"],
  ]) {
    await using episode = await site.start(suite.task(`two-users.${id}`), { seed: 1 });
    expect(episode.first.text).toContain(seen);
    await episode.step({ ok: true, action: { kind: "exit", message: "" }, comments: [] });
    expect(await episode.verify("")).toMatchObject({ success: true, reasons: [] });
  }
  expect(finished.map(({ user }) => user)).toEqual(["ann", "ben", null]);
  for (const { baseUrl, port, copy } of finished)
    expect([baseUrl, copy]).toEqual([`http://127.0.0.1:${port}`, 0]);
});

test("a field that nobody can see is answered with those there are", async () => {
  const login: LoginStep[] = [{ open: "/" }, { fill: "E-mail", text: "ann" }];
  const suite = createOwnSuite({ ...definition, login }, directory);
  await using site = await suite.createSite();
  await expect(site.start(suite.tasks()[0]!, { seed: 1 })).rejects.toMatchObject({
    name: "ConfigError",
    hint: expect.stringContaining(
      'label "User name", name "u"); password (placeholder "Pass phrase", name "p"); text (name "desk")',
    ),
  });
});

test("a server that goes into the background is ended by `start.stop`", async () => {
  const suite = createOwnSuite(
    {
      ...definition,
      start: {
        command: "setsid node two-users.mjs >/dev/null 2>&1 &",
        stop: "kill $(cat pid-{port})",
        timeoutMs: 60_000,
      },
    },
    directory,
  );
  for (const file of await readdir(directory)) if (file.startsWith("pid-")) await rm(join(directory, file));
  {
    await using site = await suite.createSite();
    await using episode = await site.start(suite.tasks()[0]!, { seed: 1 });
    expect(episode.first.text).toContain("Signed in as ann");
  }
  const [port] = (await readdir(directory)).flatMap((file) => /^pid-(\d+)$/.exec(file)?.slice(1) ?? []);
  await expect.poll(async () => answers(`http://127.0.0.1:${port}`)).toBe(false);
});
