import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { memoryGroups } from "./memory-limit.ts";

let mount: string;
beforeEach(async () => (mount = await mkdtemp(join(tmpdir(), "webrl-groups-"))));
afterEach(() => rm(mount, { recursive: true, force: true }));

async function group(path: string, files: Record<string, string>) {
  await mkdir(join(mount, path), { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(mount, path, name), `${text}\n`);
}

it("of version 2 are its own and those above it, by the tighter of memory.max and memory.high", async () => {
  await group("", { "cgroup.controllers": "memory" });
  await group("pod", {
    "memory.max": "4000",
    "memory.high": "3000",
    "memory.current": "2500",
    "memory.stat": "anon 900\nactive_file 300\ninactive_file 700\nshmem 200",
  });
  await group("pod/box", {
    "memory.max": "max",
    "memory.high": "max",
    "memory.current": "900",
    "memory.stat": "active_file 1\ninactive_file 2",
  });
  await group("other", { "memory.max": "5", "memory.current": "0" });
  // 2500 − 300 − 700: pages of files are given back.
  expect(memoryGroups("0::/pod/box\n", mount)).toEqual([{ limit: 3000, used: 1500 }]);
});

it("of version 1 are found beside other controllers, with the pages of groups below them", async () => {
  await group("memory", {
    "memory.limit_in_bytes": "9223372036854771712",
    "memory.usage_in_bytes": "9000",
    "memory.stat": "total_active_file 1",
  });
  await group("memory/box", {
    "memory.limit_in_bytes": "2000",
    "memory.usage_in_bytes": "1800",
    "memory.stat": "inactive_file 100\ntotal_inactive_file 600\ntotal_active_file 200",
  });
  expect(memoryGroups("9:cpu,cpuacct:/elsewhere\n4:memory:/box\n0::/\n", mount)).toEqual([
    { limit: 9223372036854771712, used: 8999 },
    { limit: 2000, used: 1000 },
  ]);
});

it("of a container that sees its own group as the mount are that one, whatever the path outside is", async () => {
  await group("memory", {
    "memory.limit_in_bytes": "700",
    "memory.usage_in_bytes": "100",
    "memory.stat": "",
  });
  await group("", { "memory.max": "600", "memory.current": "50" });
  expect(memoryGroups("4:memory:/docker/0123\n", mount)).toEqual([{ limit: 700, used: 100 }]);
  expect(memoryGroups("0::/../..\n", mount)).toEqual([{ limit: 600, used: 50 }]);
});

it("are absent if nothing limits, or there are no control groups", async () => {
  await group("a", { "memory.max": "max", "memory.current": "50" });
  expect(memoryGroups("0::/a\n", mount)).toEqual([]);
  expect(memoryGroups("", mount)).toEqual([]);
  expect(memoryGroups("0::/a\n", join(mount, "nowhere"))).toEqual([]);
});
