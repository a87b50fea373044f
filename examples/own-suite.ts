/**
 * @file A benchmark as a suite: sums, each on a page that this process serves. The truth is what the page was told.
 *
 * Try it: `webrl suite check --suite own --file examples/own-suite.ts`
 */

import { createBrowserSite, filterTasks, findTask } from "webrl";
import type { EpisodeWorld, OracleRun, Suite, Task } from "webrl";
import { click, exit, type } from "webrl/sites";

const HOST = "sums.example.test";
const SPLITS = ["train", "train", "train", "validation", "test"] as const;

const tasks = Array.from({ length: 20 }, (_, i): Task => {
  const [a, b] = [17 + i, 5 + 3 * i];
  return {
    id: `sums.add/${i}`,
    sites: ["sums"],
    instruction: `Type the sum of ${a} and ${b}, and press Submit.`,
    startUrl: `http://${HOST}/`,
    templateId: "sums.add",
    params: { a, b },
    category: "form filling",
    difficulty: 3,
    split: SPLITS[i % SPLITS.length]!,
  };
});

const sumOf = ({ params: { a, b } }: Task) => String(Number(a) + Number(b));

/** An episode's private world: its page, and what was typed into it. */
function worldOf(task: Task): EpisodeWorld {
  let typed: string | null = null;
  const page = (request: Request): Response => {
    typed = new URL(request.url).searchParams.get("sum") ?? typed;
    const form = "<form><label>Sum <input name=sum></label> <button>Submit</button></form>";
    return new Response(
      `<title>Sums</title>${typed === null ? form : `<p>Your answer: ${Number(typed)}</p>`}`,
      {
        headers: { "content-type": "text/html; charset=utf-8" },
      },
    );
  };
  return {
    hosts: new Map([[HOST, page]]),
    allowedHosts: [],
    cookies: [],
    startUrl: task.startUrl,
    verify: () => {
      // Nobody knows the truth about a task that was made up during training.
      if (task.templateId === null) return null;
      const success = typed === sumOf(task);
      const reasons = success ? [] : [typed === null ? "nothing was submitted" : `${typed} was submitted`];
      return { by: "verifier", success, probability: success ? 1 : 0, reasons };
    },
  };
}

const sums: Suite = {
  name: "sums",
  tasks: (filter = {}) => filterTasks(tasks, filter),
  task: (id) => findTask(tasks, id),
  catalog: null,
  descriptions: {},
  createSite: async (options = {}) => createBrowserSite("sums", options, worldOf),
  hasOracle: () => true,
  *oracleFor(task, first): OracleRun {
    const page = yield type(first, "Sum", sumOf(task));
    yield click(page, "button", "Submit");
    yield exit();
  },
  wrongAnswer: () => "0",
};

export default sums;
