/** @file Prints instruction and first observation of tasks: `tsx scripts/miniwob/look.ts HTML_DIRECTORY SEEDS NAME…`. */
import { loadMiniwobSuite } from "../../src/tasks/miniwob/suite.ts";

const [directory, seeds, ...names] = process.argv.slice(2);
const suite = await loadMiniwobSuite(directory!);
await using site = await suite.createSite();
for (const task of suite.tasks()) {
  if (names.length > 0 && !names.includes(task.id.slice("miniwob.".length))) continue;
  for (let seed = 1; seed <= Number(seeds); seed++) {
    try {
      await using episode = await site.start(task, { seed });
      console.log(`##### ${task.id} seed ${seed}\n${episode.task.instruction}\n${episode.first.text}\n`);
    } catch (error) {
      console.log(`##### ${task.id} seed ${seed}: ${String(error)}`);
    }
  }
}
