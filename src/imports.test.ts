import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { MAY_IMPORT } from "../oxlint.config.ts";

/** Rows of the table of rooms: `| `a/` `b/` | what they hold | x, y |`. */
async function documented(): Promise<Map<string, string[]>> {
  const text = await readFile(new URL("../docs/architecture.md", import.meta.url), "utf8");
  const rooms = new Map<string, string[]>();
  for (const [, names, mayImport] of text.matchAll(/^\| (`.*?) *\|.*\| ([^|]*?) *\|$/gm)) {
    const above = [...rooms.keys()];
    for (const [, room] of names!.matchAll(/`(\w+)\/`/g)) {
      const named = mayImport === "nothing" ? [] : mayImport!.split(", ");
      rooms.set(room!, mayImport === "all above" ? above : named);
    }
  }
  return rooms;
}

it("the linter's table of imports is the one that docs/architecture.md shows", async () => {
  expect(Object.fromEntries(await documented())).toEqual(Object.fromEntries(MAY_IMPORT));
});

it("every folder of src/ is a room of the table", async () => {
  const entries = await readdir(new URL(".", import.meta.url), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  expect(folders.sort()).toEqual([...MAY_IMPORT.keys()].sort());
});
