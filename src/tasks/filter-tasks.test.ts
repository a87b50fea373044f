import { expect, test } from "vitest";
import type { Task } from "../core/task.ts";
import { filterTasks, findTask } from "./filter-tasks.ts";

const tasks = ["click-tab/1", "click-tab/2", "click-test/1", "click-test/2"].map((id): Task => ({
  id,
  sites: ["pages"],
  instruction: "Do it.",
  startUrl: "about:blank",
  templateId: id.slice(0, -2),
  params: {},
  category: "navigation",
  difficulty: 1,
  split: "train",
}));

test("an unknown name is answered with the command that lists this suite", () => {
  const hint = "List what there is with `webrl suite list --suite NAME --file PATH`.";
  expect(() => filterTasks(tasks, { template: "does.not" })).toThrow(expect.objectContaining({ hint }));
  expect(() => filterTasks(tasks, { site: "page" })).toThrow(
    expect.objectContaining({ message: 'no site "page"; the nearest is "pages"', hint }),
  );
  expect(() => findTask(tasks, "nothing like it")).toThrow(
    expect.objectContaining({ message: 'no task "nothing like it"', hint }),
  );
});

test.each([
  ["click-tset", "click-test/1"],
  ["click-test", "click-test/1"],
  ["click-tset/2", "click-test/2"],
  ["click-tab/3", "click-tab/1"],
])("%s: the nearest task is named, or the first of the nearest template: %s", (id, nearest) => {
  expect(() => findTask(tasks, id)).toThrow(`no task "${id}"; the nearest is "${nearest}"`);
});
