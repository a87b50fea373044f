import { expect, test } from "vitest";
import { APPS, createWorld, pristineState } from "./world.ts";

test("every world is a private copy: a change in one is seen in no other", async () => {
  const worlds = Array.from({ length: 16 }, () => createWorld(["map"]));
  const [first, ...others] = worlds;
  const before = JSON.stringify(pristineState());
  const cookie = first!.cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const response = await first!.hosts.get("map.webrl.test")!(
    new Request("http://map.webrl.test/lists", {
      method: "POST",
      body: new URLSearchParams({ name: "Only here" }),
      headers: { cookie, "content-type": "application/x-www-form-urlencoded" },
    }),
  );
  expect(response.status).toBe(303);
  expect(first!.state.map.lists.at(-1)?.name).toBe("Only here");
  for (const { state } of others) expect(state.map.lists.at(-1)?.name).not.toBe("Only here");
  expect(JSON.stringify(pristineState())).toBe(before);
});

test("the untouched world is frozen and plain JSON", () => {
  expect(() => pristineState().map.places.pop()).toThrow(TypeError);
  expect(JSON.parse(JSON.stringify(pristineState()))).toEqual(pristineState());
});

test("every site answers on its own host, signed in and signed out", async () => {
  for (const signIn of [[], APPS.map((app) => app.name)]) {
    const world = createWorld(signIn);
    for (const { host, name } of APPS) {
      const cookie = world.cookies
        .filter((c) => c.host === host)
        .map((c) => `${c.name}=${c.value}`)
        .join("; ");
      const response = await world.hosts.get(host)!(new Request(`http://${host}/`, { headers: { cookie } }));
      expect([200, 302, 303].includes(response.status) ? [] : [name, response.status]).toEqual([]);
    }
  }
});

test("signing in changes nothing that counts", () => {
  const { state, volatile } = createWorld(APPS.map((app) => app.name));
  const strip = (value: unknown) => {
    const copy = structuredClone(value) as Record<string, Record<string, unknown>>;
    for (const path of volatile) {
      const keys = path.split(".");
      const last = keys.pop()!;
      const parent = keys.reduce<Record<string, unknown>>(
        (at, key) => at[key] as Record<string, unknown>,
        copy,
      );
      delete parent[last];
    }
    return copy;
  };
  expect(strip(state)).toEqual(strip(pristineState()));
});

test("a snapshot has what was changed, and the untouched parts as they are", () => {
  const world = createWorld();
  world.state.map.lists.pop();
  const snapshot = world.snapshot();
  expect(snapshot.map.lists).toHaveLength(pristineState().map.lists.length - 1);
  expect(snapshot.forum).toBe(pristineState().forum);
  expect(snapshot).toEqual(structuredClone(world.state));
});
