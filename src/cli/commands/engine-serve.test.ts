import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ServerProcess } from "../../engine/tinker/server/testing/server-process.ts";

it("`webrl engine serve` finds a shipped model by its name, from any folder", async () => {
  const empty = await mkdtemp(join(tmpdir(), "webrl-serve-"));
  try {
    await using server = await ServerProcess.create("models/base", join(empty, "engine"), empty);
    await server.start();
    const answer = await fetch(`${server.url}/api/v1/get_server_capabilities`);
    expect(await answer.text()).toContain('"base"');
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}, 240_000);
