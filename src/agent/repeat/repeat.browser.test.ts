import { afterAll, describe, expect, test } from "vitest";
import { html, pages } from "../../browser/test-support.ts";
import type { HostFetch } from "../../browser/world.ts";
import type { Policy } from "../../rollout/policy.ts";
import type { Trajectory } from "../../core/trajectory.ts";
import { click, exit, scriptedPolicy } from "../testing/scripted-policy.ts";
import { closeBrowser, testSession, testSite } from "../testing/test-site.ts";
import type { RepeatOptions, RepeatResult } from "./repeat.ts";
import { repeatRun, runToRepeat } from "./repeat.ts";

afterAll(closeBrowser);

/** How the shop looks, and what was ordered. */
interface Look {
  banner?: string;
  button?: string;
  rows?: string[];
  message?: string;
  price?: string;
}

function shop(look: Look) {
  const orders: string[] = [];
  const rows = () => look.rows ?? ["Lamp", "Mug", "Pot", "Pan"];
  const app: HostFetch = pages({
    "/": () =>
      html(
        `${look.banner ?? ""}<h1>Shop</h1><table><thead><tr><th>Product<th>Price<th></thead>${rows()
          .map(
            (name) =>
              `<tr><td>${name}<td>${name.length * 2} $<td><a href="/product?name=${name}">Open</a></tr>`,
          )
          .join("")}</table>`,
      ),
    "/product": (request) => {
      const name = new URL(request.url).searchParams.get("name")!;
      return html(
        `<h1>${name}</h1><p>Price: ${look.price ?? "8 $"}</p><form method=post action="/order"><input type=hidden name=name value="${name}"><label>Quantity <input name=quantity value=1></label><button>${look.button ?? "Add to cart"}</button></form>`,
      );
    },
    "/order": async (request) => {
      const sent = new URLSearchParams(await request.text());
      const said = look.message ?? `${sent.get("quantity")!} × ${sent.get("name")!} added`;
      if (look.message === undefined) orders.push(`${sent.get("quantity")!} ${sent.get("name")!}`);
      return html(`<h1>Cart</h1><p>${said}</p>`);
    },
  });
  return { site: testSite(app), orders, look };
}

const ORDER = [
  click("link Open #3"),
  'do(action="Type", argument="2", element="textbox Quantity")',
  click("button Add to cart"),
  exit(),
];

async function record(instruction: string, replies: string[], look: Look = {}): Promise<Trajectory> {
  await using opened = await testSession(shop(look).site, scriptedPolicy(replies));
  return (await opened.session.run(instruction)).trajectory;
}

async function again(
  trajectory: Trajectory,
  world: ReturnType<typeof shop>,
  options: RepeatOptions = { alone: true },
  model: Policy = scriptedPolicy([exit("N/A")]),
): Promise<RepeatResult> {
  await using opened = await testSession(world.site, model);
  return await repeatRun(opened.session, trajectory, model, options);
}

describe("a repetition", () => {
  test("does what was done, without the model", async () => {
    const recorded = await record("Order two of the Pot", ORDER);
    const world = shop({});
    expect(await again(recorded, world)).toMatchObject({
      outcome: "done",
      same: true,
      repeated: 3,
      byModel: 0,
    });
    expect(world.orders).toEqual(["2 Pot"]);
  });

  test.each<[string, Look]>([
    ["rows that were added", { rows: ["Jar", "Lamp", "Mug", "Cup", "Pot", "Pan"] }],
    ["another order of rows", { rows: ["Pot", "Pan", "Mug", "Lamp"] }],
    [
      "a cookie bar",
      { banner: `<div style="position:fixed;bottom:0">We use cookies <button>Accept</button></div>` },
    ],
    ["a button that is called a little otherwise", { button: "Add to your cart" }],
  ])("finds its elements among %s", async (_, look) => {
    const recorded = await record("Order two of the Pot", ORDER);
    const world = shop(look);
    expect(await again(recorded, world)).toMatchObject({ outcome: "done", same: true, byModel: 0 });
    expect(world.orders).toEqual(["2 Pot"]);
  });

  test("takes other values of the same task", async () => {
    const recorded = await record("Order two of the Pot", ORDER);
    const world = shop({});
    const result = await again(recorded, world, { alone: true, values: { two: "three", Pot: "Mug" } });
    expect(result).toMatchObject({ outcome: "done", same: true });
    expect(result.trajectory.task.instruction).toBe("Order three of the Mug");
    expect(world.orders).toEqual(["3 Mug"]);
  });

  test("ends where the page has changed, and says where", async () => {
    const recorded = await record("Order two of the Pot", ORDER);
    const world = shop({ button: "Buy" });
    expect(await again(recorded, world)).toMatchObject({
      outcome: "stopped",
      same: false,
      reason: 'step 3: there is no button "add to cart"',
    });
    expect(world.orders).toEqual([]);
  });

  test("asks the model there, goes on by itself, and is what is repeated the next time", async () => {
    const recorded = await record("Order two of the Pot", ORDER);
    const world = shop({ button: "Buy" });
    const model = scriptedPolicy([click("button Buy")]);
    await using opened = await testSession(world.site, model);
    const first = await repeatRun(opened.session, recorded, model);
    expect(first).toMatchObject({ outcome: "done", same: true, repeated: 2, byModel: 1 });
    expect(world.orders).toEqual(["2 Pot"]);
    const mended = await runToRepeat(opened.directory);
    expect(mended.id).toBe(first.id);
    expect(await repeatRun(opened.session, mended, model)).toMatchObject({
      same: true,
      repeated: 3,
      byModel: 0,
    });
    expect(world.orders).toEqual(["2 Pot", "2 Pot"]);
  });

  test("says when it came out otherwise", async () => {
    const recorded = await record("Order two of the Pot", ORDER);
    const result = await again(recorded, shop({ message: "Sorry, it is sold out" }));
    expect(result).toMatchObject({ outcome: "stopped", same: false });
    expect(result.differences[0]).toContain("sold out");
  });

  test("is not repeated from what came out otherwise", async () => {
    const recorded = await record("Order two of the Pot", ORDER);
    const world = shop({ message: "Your basket was kept" });
    const model = scriptedPolicy([exit("done")]);
    await using opened = await testSession(world.site, model);
    const result = await repeatRun(opened.session, recorded, model);
    expect(result).toMatchObject({ outcome: "done", same: false });
    await expect(runToRepeat(opened.directory)).rejects.toThrow("succeeded");
  });
});

describe("what rested on data is not done again on other data", () => {
  test("a row that the instruction does not name", async () => {
    const recorded = await record("Order two of the cheapest product", ORDER);
    expect((await again(recorded, shop({}))).same).toBe(true);
    const changed = shop({ rows: ["Lamp", "Mug", "Pot", "Jar"] });
    const result = await again(recorded, changed);
    expect(result).toMatchObject({ outcome: "stopped", repeated: 0 });
    expect(result.reason).toContain("chosen among rows that say something else now");
    expect(changed.orders).toEqual([]);
  });

  test("an answer", async () => {
    const recorded = await record("What does the Pot cost?", [click("link Open #3"), exit("8 $")]);
    expect(await again(recorded, shop({}))).toMatchObject({ outcome: "done", answer: "8 $" });
    const model = scriptedPolicy([exit("9 $")]);
    expect(await again(recorded, shop({ price: "9 $" }), {}, model)).toMatchObject({
      answer: "9 $",
      byModel: 1,
    });
    expect(await again(recorded, shop({ price: "9 $" }))).toMatchObject({ outcome: "stopped", answer: null });
  });

  test("a value that no step has", async () => {
    const recorded = await record("Order one Pot", [
      click("link Open #3"),
      click("button Add to cart"),
      exit(),
    ]);
    await expect(again(recorded, shop({}), { alone: true, values: { one: "three" } })).rejects.toThrow(
      "no step of",
    );
    const model = scriptedPolicy([exit("N/A")]);
    expect(await again(recorded, shop({}), { values: { one: "three" } }, model)).toMatchObject({
      repeated: 0,
      byModel: 1,
    });
  });
});

test("a run that did not end as it should, and values that are not in the instruction, are refused", async () => {
  const stopped = await record("Scroll", ['do(action="Scroll Down")']);
  await expect(again(stopped, shop({}))).rejects.toThrow("did not end as it should");
  const recorded = await record("Order two of the Pot", ORDER);
  await expect(again(recorded, shop({}), { values: { Pan: "Lid" } })).rejects.toThrow(
    "is not in the instruction",
  );
});
