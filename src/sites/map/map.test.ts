import { describe, expect, test } from "vitest";
import { createWorld, pristineState } from "../world.ts";
import { CATEGORIES, directions, nearby, findPlace, resolvePlace, searchPlaces } from "./domain.ts";
import { ROADS, TOWNS } from "./gazetteer.ts";
import { EDGES, MODES, NODES, route } from "./roads.ts";

const { map } = pristineState();

describe("the region", () => {
  test("has about 250 places in 12 towns with unique names, every category in use", () => {
    expect(map.places.length).toBeGreaterThanOrEqual(240);
    expect(new Set(map.places.map((place) => place.slug)).size).toBe(map.places.length);
    expect(new Set(map.places.map((place) => place.town)).size).toBe(TOWNS.length);
    expect(new Set(map.places.map((place) => place.category))).toEqual(new Set(CATEGORIES));
  });

  test("roads join towns that exist", () => {
    for (const { from, to } of ROADS)
      for (const slug of [from, to]) expect(TOWNS.some((town) => town.slug === slug)).toBe(true);
    expect(NODES.length).toBe(TOWNS.length * 9);
  });
});

describe("routes", () => {
  const [a, b] = [findPlace(map, "Copper Kettle Cafe"), findPlace(map, "Puffin Ledge Viewpoint")];

  test("every place can be reached from every town, by every mode", () => {
    for (const town of TOWNS)
      for (const mode of MODES) {
        const from = findPlace(map, `${town.name} Station`);
        for (const to of map.places.filter((_, i) => i % 17 === 0)) {
          const { km, minutes } = route(from.spot, to.spot, mode);
          expect(Number.isFinite(km) && minutes >= 1, `${town.name} ${mode} ${to.name}`).toBe(true);
        }
      }
  });

  test("the way back takes as long, and the steps add up to the distance", () => {
    for (const mode of MODES) {
      const there = directions(a, b, mode);
      expect(directions(b, a, mode).km).toBeCloseTo(there.km, 9);
      expect(there.steps.reduce((sum, step) => sum + step.km, 0)).toBeCloseTo(there.km, 9);
      expect(there.steps.at(-1)?.instruction).toBe("Arrive at Puffin Ledge Viewpoint");
    }
  });

  test("a detour is never faster: the triangle holds for travelling times", () => {
    // Minutes are rounded, so each leg may be off by half of one.
    for (let i = 0; i < map.places.length - 2; i += 9) {
      const [x, y, z] = [map.places[i]!, map.places[i + 1]!, map.places[i + 2]!];
      const time = (p: typeof x, q: typeof x) => directions(p, q, "drive").minutes;
      expect(time(x, z)).toBeLessThanOrEqual(time(x, y) + time(y, z) + 2);
    }
  });

  test("nobody walks on a motorway or drives on a path", () => {
    const names = (mode: "walk" | "drive") =>
      directions(a, b, mode)
        .steps.map((step) => step.instruction)
        .join();
    expect(names("drive")).toContain("Motorway");
    expect(names("walk")).not.toContain("Motorway");
    expect(EDGES.some((edge) => edge.kind === "path")).toBe(true);
    const far = directions(findPlace(map, "Lowfield Station"), findPlace(map, "Elderby Station"), "drive");
    expect(far.steps.map((step) => step.instruction).join()).not.toContain("Canal Path");
  });

  test("nearby is sorted, within its radius, and leaves out the place itself", () => {
    const found = nearby(map, a, { withinKm: 1 });
    expect(found.length).toBeGreaterThan(3);
    for (const [i, near] of found.entries()) {
      expect(near.km).toBeLessThanOrEqual(1);
      expect(near.place.slug).not.toBe(a.slug);
      if (i > 0) expect(near.km).toBeGreaterThanOrEqual(found[i - 1]!.km);
      expect(directions(a, near.place, "walk").km).toBeGreaterThanOrEqual(near.km - 1e-9);
    }
  });
});

describe("finding", () => {
  test("a whole name finds its place first; words may come from name, category and town", () => {
    expect(searchPlaces(map, { text: "copper kettle cafe" })[0]?.name).toBe("Copper Kettle Cafe");
    const found = searchPlaces(map, { text: "museum inverlode" });
    expect(found.every((place) => place.category === "Museum" && place.town === "inverlode")).toBe(true);
    expect(searchPlaces(map, { text: "no such place at all" })).toEqual([]);
  });

  test("a place is resolved by its name or by what fits only one", () => {
    expect(resolvePlace(map, "COPPER kettle")).toMatchObject({ name: "Copper Kettle Cafe" });
    expect(resolvePlace(map, "cafe")).toMatch(/places match cafe/);
    expect(resolvePlace(map, "")).toBe("Enter a place");
  });
});

describe("pages", () => {
  const ask = async (path: string, form?: Record<string, string>, signedIn = true) => {
    const world = createWorld(signedIn ? ["map"] : []);
    const cookie = world.cookies.map((c) => `${c.name}=${c.value}`).join("; ");
    const response = await world.hosts.get("map.webrl.test")!(
      new Request(`http://map.webrl.test${path}`, {
        ...(form ? { method: "POST", body: new URLSearchParams(form) } : {}),
        headers: { cookie },
      }),
    );
    return { response, text: await response.text(), state: world.state.map };
  };

  test("text that people typed is escaped", async () => {
    const { text } = await ask("/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E");
    expect(text).not.toContain("<script>alert");
  });

  test.each([
    ["/lists", { name: "favourites" }, "already have a list"],
    ["/lists", { name: "  " }, "Enter a name"],
    ["/places/copper-kettle-cafe/review", { stars: "9", text: "x" }, "Choose how many stars"],
    ["/places/copper-kettle-cafe/edit", { field: "Phone", value: "" }, "Enter what is right"],
    ["/login", { user: "mara", password: "no" }, "is wrong"],
  ])("%s refuses %j and says why", async (path, form, message) => {
    const { response, text, state } = await ask(path, form);
    expect([200, 422]).toContain(response.status);
    expect(text).toContain(message);
    expect(state.lists).toEqual(map.lists);
    expect(state.suggestions).toEqual([]);
  });

  test("lists of others cannot be seen or changed, and nothing is saved without an account", async () => {
    expect((await ask("/lists/5")).response.status).toBe(404);
    expect((await ask("/lists/5/delete", {})).state.lists).toHaveLength(map.lists.length);
    expect((await ask("/lists", undefined, false)).response.headers.get("location")).toContain("/login");
    expect((await ask("/places/copper-kettle-cafe/save", { list: "1" }, false)).response.status).toBe(404);
  });

  test("signing in leads back to a path of this site only", async () => {
    const credentials = { user: "mara", password: "lighthouse7" };
    const to = async (next: string) =>
      (await ask(`/login?next=${encodeURIComponent(next)}`, credentials, false)).response.headers.get(
        "location",
      );
    expect(await to("/lists/2")).toBe("/lists/2");
    expect(await to("//evil.test/x")).toBe("/lists");
    expect(await to("http://evil.test")).toBe("/lists");
  });

  test("what is not there is a page, not a crash", async () => {
    for (const path of [
      "/places/none",
      "/towns/none",
      "/towns/none/distances",
      "/lists/99",
      "/x",
      "/search?page=-3",
    ])
      expect([200, 404]).toContain((await ask(path)).response.status);
  });
});
