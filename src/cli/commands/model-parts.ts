/** @file What the commands that make models share. */

/** Parser of an option that may be given again. */
export const repeated = (text: string, before: string[] = []) => [...before, text];

/** The command as it was typed, for model cards. */
export const typed = () => `webrl ${process.argv.slice(2).join(" ")}`;

/** The episodes of all files. */
export async function readAll(files: readonly string[]) {
  const { readEpisodes } = await import("../../imitation/demonstrations.ts");
  return (await Promise.all(files.map((file) => readEpisodes(file)))).flat();
}
