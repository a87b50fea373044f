/**
 * @file Content management: pages are written, updated and published from a table, on the built-in store admin. A page
 * that does not exist yet is looked up by its title, so that no page is ever made twice.
 *
 *     npx tsx examples/agent-content.ts openai:Qwen/Qwen3-8B@http://127.0.0.1:8000/v1
 */

import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createAgent } from "webrl/agent";
import type { BatchResult, JobInput, Policy } from "webrl/agent";

const pages: JobInput = {
  key: "title",
  instruction: 'Write a page titled "{title}" with the text "{text}" and publish it',
  start: "/pages/new",
  // The page may be missing before; and publishing it is what the approval of an item allows.
  creates: true,
  does: "publish",
  effect: {
    // The list, searched by title, and from there the page itself.
    open: "/pages?q={title}",
    shows: "Pages",
    follow: "{title}",
    values: {
      text: { label: "Text", wanted: "{text}" },
      status: { text: ["Draft", "Published"], wanted: "Published" },
    },
  },
};

const PAGES = `title,text
Christmas hours,"Closed from the 24th to the 26th."
Winter sale,Everything for the cold days.
`;

/** `work`: where the table and the records go, by default a new temporary directory. */
export async function runContent(
  model: string | Policy,
  log: (text: string) => void,
  work?: string,
): Promise<BatchResult> {
  work ??= await mkdtemp(join(tmpdir(), "webrl-content-"));
  const table = join(work, "pages.csv");
  await writeFile(table, PAGES);
  await using agent = await createAgent({ site: "store-admin", model, directory: join(work, "pages") });
  const result = await agent.batch({ table, job: pages, approve: ["all"] });
  for (const { key, status, reason } of result.items) log(`${key}: ${status}, ${reason}`);
  log(result.files.report);
  return result;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await runContent(process.argv[2] ?? "models/base", console.log);
