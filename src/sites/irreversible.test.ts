import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { APPS } from "./world.ts";

/** Routes that change something, as the pages' sources register them; `:verb{a|b}` is two. */
async function changingRoutes(site: string): Promise<string[]> {
  const directory = new URL(`${site}/`, import.meta.url);
  const routes: string[] = [];
  for (const name of await readdir(directory)) {
    const text = await readFile(new URL(name, directory), "utf8").catch(() => "");
    for (const [, path] of text.matchAll(/\.post\(\s*"([^"]+)"/g)) {
      const verbs = /:verb\{([^}]*)\}/.exec(path!)?.[1]?.split("|") ?? [""];
      for (const verb of verbs) routes.push(path!.replace(/:verb\{[^}]*\}/, verb).replace(/\{[^}]*\}/g, ""));
    }
  }
  return routes;
}

const shape = (path: string) => path.replace(/:\w+/g, ":");

it.each(APPS.map((app) => [app.name, app.irreversible] as const))(
  "%s says of every request that changes something what it is",
  async (site, declared) => {
    const routes = await changingRoutes(site);
    expect(routes.length).toBeGreaterThan(3);
    const fits = (route: string) =>
      declared.some(({ path }) =>
        path.endsWith("/*") ? route.startsWith(path.slice(0, -1)) : shape(path) === shape(route),
      );
    expect(routes.filter((route) => !fits(route))).toEqual([]);
  },
);
