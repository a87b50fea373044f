import { afterAll, describe, expect, it } from "vitest";
import { invariant } from "../core/errors.ts";
import { siteRules } from "../testing/site-kit.ts";
import { keepSecret } from "../text/secrets.ts";
import { parseAction } from "../text/action.ts";
import type { StepTimes } from "./episode.ts";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages, shopSite, testTask } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

describe.each(["compact", "aria"] as const)(
  "a browser episode (%s) keeps the rules of every site",
  (format) => {
    const rules = siteRules({
      create: async () => shopSite(pool, format),
      task: testTask({ id: "shop.order/0", templateId: "shop.order" }),
      solve: (seen) => {
        const page = seen.at(-1)!;
        const element = page.elements.find((e) => e.label === "Lamp" || e.label === "Order");
        return element ? { kind: "click", element: element.name } : { kind: "exit", message: "" };
      },
    });
    for (const rule of rules) it(rule.name, () => rule.run());
  },
);

describe("actions", () => {
  it("types over what is there, and only Search presses Enter", async () => {
    const app = pages({
      "/": `<form action=/find><input name=q value=old aria-label=Query></form>`,
      "/find": (request) => html(`<p>found ${new URL(request.url).searchParams.get("q")}</p>`),
    });
    await using page = await open(pool, app);
    const typed = await page.act('do(action="Type", argument="new words", element="textbox Query")');
    expect(body(typed)).toBe("[textbox Query = new words]");
    expect(typed.focused).toBe("textbox Query");
    const cleared = await page.act('do(action="Type", argument="", element="textbox Query")');
    expect(body(cleared)).toBe("[textbox Query]");
    const found = await page.act('do(action="Search", argument="lamps", element="textbox Query")');
    expect(body(found)).toBe("found lamps");
  });

  it("press Enter goes to the field that has the focus", async () => {
    const app = pages({
      "/": `<form action=/find><input name=q aria-label=Query></form>`,
      "/find": "<p>submitted",
    });
    await using page = await open(pool, app);
    await page.act('do(action="Type", argument="x", element="textbox Query")');
    expect(body(await page.act('do(action="Press Enter")'))).toBe("submitted");
  });

  it("chooses an option by its text and tells the page", async () => {
    await using page = await open(
      pool,
      `<label>Size <select onchange="out.textContent = this.value"><option value=s>Not large<option value=m>Medium<option value=l>Large</select></label><p id=out>-</p>`,
    );
    const chosen = await page.act(
      'do(action="Select Dropdown Option", argument="MEDI", element="combobox Size")',
    );
    expect(body(chosen)).toBe("[combobox Size = Medium; options: Not large, Medium, Large]\nm");
    // The exact text wins over an earlier option that contains it.
    const exact = await page.act(
      'do(action="Select Dropdown Option", argument="large", element="combobox Size")',
    );
    expect(body(exact)).toContain("\nl");
    const none = await page.act(
      'do(action="Select Dropdown Option", argument="tiny", element="combobox Size")',
    );
    expect(none.error).toEqual({
      code: "not_actionable",
      message: '"combobox Size" has no option "tiny"; it has: Not large, Medium, Large',
    });
  });

  it("hover and right click reach the page", async () => {
    await using page = await open(
      pool,
      `<button onmouseenter="out.textContent='over'" oncontextmenu="out.textContent='menu'">Press</button><p id=out>-</p>`,
    );
    expect(body(await page.act('do(action="Hover", element="button Press")'))).toContain("over");
    expect(body(await page.act('do(action="Right Click", element="button Press")'))).toContain("menu");
  });

  it("sets dates, numbers and sliders; says what a date looks like", async () => {
    await using page = await open(
      pool,
      `<label>Day <input type=date></label><label>Count <input type=number value=1></label><label>Level <input type=range min=0 max=10 value=2></label>`,
    );
    await page.act('do(action="Type", argument="2026-03-16", element="textbox Day")');
    const typed = await page.act('do(action="Type", argument="7", element="textbox Count")');
    expect(body(typed)).toContain("[textbox Day = 2026-03-16]");
    expect(body(typed)).toContain("[textbox Count = 7]");
    const wrong = await page.act('do(action="Type", argument="tomorrow", element="textbox Day")');
    expect(wrong.error?.message).toContain("such as 2026-03-16");
    expect(body(wrong)).toContain("[textbox Day = 2026-03-16]");
  });

  it("the agent's mistakes are observations with a reason", async () => {
    await using page = await open(
      pool,
      `<a href="/">Home</a><button disabled>Send</button><input readonly aria-label=Code value=1><select aria-label=Size><option>S</select>`,
    );
    const message = async (text: string) => (await page.act(text)).error?.message;
    expect(await message('do(action="Click", element="link Order 9")')).toBe(
      'no element "link Order 9" on this page',
    );
    expect(await message('do(action="Click", element="button Send")')).toBe('"button Send" is disabled');
    expect(await message('do(action="Type", argument="x", element="link Home")')).toBe(
      '"link Home" is not a field',
    );
    expect(await message('do(action="Type", argument="x", element="textbox Code")')).toBe(
      '"textbox Code" is read-only',
    );
    expect(await message('do(action="Type", argument="x", element="combobox Size")')).toContain(
      "is a drop-down",
    );
    expect(await message('do(action="Scroll Down")')).toBe("the page does not scroll further down");
    expect(await message("go_backward()")).toBe("there is no page to go back to");
    expect(await message("go_forward()")).toBe("there is no page to go forward to");
    expect(await message('do(action="Switch Tab", argument="3")')).toContain("there is no tab 3");
    expect(await message("click the link")).toContain("no action found");
    expect(await message('do(action="Wait")')).toBeUndefined();
  });

  it("accepts brackets, the printed value and other letter case around an element's words", async () => {
    await using page = await open(
      pool,
      `<label>Name <input value=Ann></label><button>OK</button><button>ok</button>`,
    );
    expect(
      (await page.act('do(action="Type", argument="B", element="[textbox name = Ann]")')).error,
    ).toBeNull();
    const both = await page.act('do(action="Click", element="button Ok")');
    expect(both.error).toEqual({
      code: "ambiguous_element",
      message: '"button Ok" may be "button OK" or "button ok"',
    });
  });

  it("goes back and forward in the history", async () => {
    await using page = await open(pool, pages({ "/": `<a href=/two>Two</a>`, "/two": "second" }));
    await page.act('do(action="Click", element="link Two")');
    expect(body(await page.act("go_backward()"))).toBe("[link Two]");
    expect(body(await page.act("go_forward()"))).toBe("second");
  });

  it("refuses to click what went away or is covered since the page was observed", async () => {
    await using page = await open(
      pool,
      `<button onclick="gone.remove(); over.style.display='block'">Cover</button><button id=gone>Gone</button><button>Under</button>
       <div id=over style="display:none;position:fixed;inset:30px 0 0 0;background:#fff"></div>`,
    );
    const covered = await page.act('do(action="Click", element="button Cover")');
    expect(body(covered)).toContain("[button Cover]");
    expect((await page.act('do(action="Click", element="button Gone")')).error?.code).toBe("unknown_element");
  });

  it("reports fields that the browser found invalid", async () => {
    await using page = await open(
      pool,
      `<form action=/x><label>Mail <input type=email required></label><button>Go</button></form>`,
    );
    const after = await page.act('do(action="Click", element="button Go")');
    expect(body(after)).toMatch(/\[textbox Mail; invalid: .+\]/);
  });
});

describe("waiting", () => {
  it("waits for what a click loads, and for the page it leads to", async () => {
    const slow = async (text: string, type = "text/html") => {
      await new Promise((resolve) => setTimeout(resolve, 400));
      return new Response(text, { headers: { "content-type": type } });
    };
    const app = pages({
      "/": `<button onclick="fetch('/data').then(r => r.text()).then(t => out.textContent = t)">Load</button><p id=out>-</p><a href=/slow>Slow</a>
        <button onclick="setTimeout(() => { location.href = '/slow' }, 5)">Go</button>`,
      "/data": () => slow("loaded", "text/plain"),
      "/slow": () => slow("<p>arrived"),
    });
    await using page = await open(pool, app);
    expect(body(await page.act('do(action="Click", element="button Load")'))).toContain("loaded");
    expect(body(await page.act('do(action="Click", element="link Slow")'))).toBe("arrived");
    await page.act("go_backward()");
    expect(body(await page.act('do(action="Click", element="button Go")'))).toBe("arrived");
  });

  it("Wait waits until something happens, and not for ever", async () => {
    await using page = await open(
      pool,
      `<button onclick="setTimeout(() => { out.textContent = 'done' }, 700)">Start</button><p id=out>-</p>`,
    );
    const started = await page.act('do(action="Click", element="button Start")');
    expect(body(started)).toContain("\n-");
    expect(body(await page.act('do(action="Wait")'))).toContain("\ndone");
    expect((await page.act('do(action="Wait")')).error).toBeNull();
  });

  it("sees what a debounced search shows after typing", async () => {
    await using page = await open(
      pool,
      `<input aria-label=City oninput="clearTimeout(window.t); window.t = setTimeout(() => { out.textContent = 'Lisbon' }, 120)"><p id=out></p>`,
    );
    expect(body(await page.act('do(action="Type", argument="Lis", element="textbox City")'))).toContain(
      "Lisbon",
    );
  });

  it("observes a page that never rests after a bounded time", async () => {
    await using page = await open(
      pool,
      `<p id=out></p><script>setInterval(() => { out.textContent = Date.now() }, 5)</script><button>Here</button>`,
      { limits: { settleMs: 300 } },
    );
    expect(page.first.elements.map((e) => e.name)).toEqual(["button Here"]);
  });

  // Each of these changes what is observed before the quiet time is over, without ending that time. An early reading
  // must not be used.
  it.each([
    ["the value of a field", "f.value = 'late'", "[textbox Name = late]"],
    ["a shadow root", "h.shadowRoot.textContent = 'late'", "late"],
  ])("sees what changes while the page is read: %s", async (_, change, seen) => {
    await using page = await open(
      pool,
      `<input id=f aria-label=Name><div id=h></div><button onclick="setTimeout(() => { ${change} }, 20)">Go</button>
       <script>${change.startsWith("h.") ? 'h.attachShadow({ mode: "open" }).textContent = "soon"' : ""}</script>`,
    );
    expect(body(page.first)).not.toContain(seen);
    expect(body(await page.act('do(action="Click", element="button Go")'))).toContain(seen);
  });

  it("reads pages that remove the page script or change how objects become text", async () => {
    const app = pages({
      "/": `<a href=/two>Two</a><script>
        for (const name of Object.getOwnPropertyNames(window)) if (name.startsWith("__webrl_")) delete window[name];
      </script>`,
      "/two": `<button>Here</button><script>Array.prototype.toJSON = () => "changed"</script>`,
    });
    await using page = await open(pool, app);
    const two = await page.act('do(action="Click", element="link Two")');
    expect(two.elements.map((e) => e.name)).toEqual(["button Here"]);
  });
});

describe("tabs, dialogs, frames, downloads", () => {
  it("a new tab becomes the active one; Switch Tab returns", async () => {
    const app = pages({
      "/": `<title>One</title><a href=/two target=_blank>Two</a><button onclick="window.open('/three')">Three</button>`,
      "/two": "<title>Two</title>second",
      "/three": `<title>Three</title><button onclick="window.close()">Close</button>`,
    });
    await using page = await open(pool, app);
    const two = await page.act('do(action="Click", element="link Two")');
    expect(body(two)).toBe("second");
    expect(two.tabs.map((tab) => [tab.title, tab.active])).toEqual([
      ["One", false],
      ["Two", true],
    ]);
    expect(two.text).toContain("tabs: 0 One, 1 Two (active)");
    const one = await page.act('do(action="Switch Tab", argument="0")');
    expect(one.elements[0]?.name).toBe("link Two");
    const three = await page.act('do(action="Click", element="button Three")');
    expect(three.tabs).toHaveLength(3);
    const closed = await page.act('do(action="Click", element="button Close")');
    expect(closed.tabs).toHaveLength(2);
    expect(closed.tabs.filter((tab) => tab.active)).toHaveLength(1);
  });

  it("answers dialogs and tells the agent", async () => {
    await using page = await open(
      pool,
      `<button onclick="out.textContent = confirm('Delete it?')">Delete</button><button onclick="out.textContent = String(prompt('Name?'))">Rename</button><button onclick="alert('Saved')">Save</button><p id=out>-</p>`,
    );
    const deleted = await page.act('do(action="Click", element="button Delete")');
    expect(body(deleted)).toContain("true");
    expect(deleted.text).toContain('note: dialog "Delete it?" was accepted');
    const renamed = await page.act('do(action="Click", element="button Rename")');
    expect(body(renamed)).toContain("null");
    expect(renamed.text).toContain('note: dialog "Name?" was dismissed');
    const saved = await page.act('do(action="Click", element="button Save")');
    expect(saved.text).toContain('note: dialog "Saved" was shown');
    expect((await page.act('do(action="Wait")')).text).not.toContain("note:");
  });

  it("leaves a page in spite of its beforeunload dialog", async () => {
    const app = pages({
      "/": `<input aria-label=Text><a href=/two>Leave</a><script>addEventListener('beforeunload', (e) => e.preventDefault())</script>`,
      "/two": "left",
    });
    await using page = await open(pool, app);
    await page.act('do(action="Type", argument="x", element="textbox Text")');
    expect(body(await page.act('do(action="Click", element="link Leave")'))).toBe("left");
  });

  it("refuses downloads and stays on the page", async () => {
    const app = pages({
      "/": `<a href=/report>Report</a>`,
      "/report": () =>
        new Response("a,b", {
          headers: { "content-type": "text/csv", "content-disposition": 'attachment; filename="report.csv"' },
        }),
    });
    await using page = await open(pool, app);
    const after = await page.act('do(action="Click", element="link Report")');
    expect(body(after)).toBe("[link Report]");
    expect(after.text).toContain("note: the download of report.csv was refused");
  });

  it("reads and uses frames of the same and of another host, in place", async () => {
    const inner = (name: string) =>
      pages({
        "/inner": `<form action=/done><label>${name} <input name=q></label><button>Send</button></form>`,
        "/done": (request) => html(`<p>${name} got ${new URL(request.url).searchParams.get("q")}`),
      });
    const app = pages({
      "/": `<p>before</p><iframe src=/inner width=400 height=100></iframe><p>between</p><iframe src="http://other.test/inner" width=400 height=100></iframe><p>after</p><button>Send</button>`,
      "/inner": (request) => inner("Local")(request),
      "/done": (request) => inner("Local")(request),
    });
    await using page = await open(pool, app, {
      world: {
        hosts: new Map([
          ["shop.test", app],
          ["other.test", inner("Remote")],
        ]),
      },
    });
    expect(body(page.first)).toBe(
      "before\n[textbox Local] [button Send]\nbetween\n[textbox Remote] [button Send #2]\nafter\n[button Send #3]",
    );
    await page.act('do(action="Type", argument="hello", element="textbox Remote")');
    const sent = await page.act('do(action="Click", element="button Send #2")');
    expect(body(sent)).toContain("Remote got hello");
    await page.act('do(action="Type", argument="you", element="textbox Local")');
    expect(body(await page.act('do(action="Click", element="button Send")'))).toContain("Local got you");
  });
});

describe("episodes", () => {
  it("have nothing in common: cookies, storage and pages are their own", async () => {
    const page = `<button onclick="localStorage.n = 1; document.cookie = 'n=1'; out.textContent = 'set'">Set</button><p id=out></p><script>out.textContent = localStorage.n + document.cookie</script>`;
    await using one = await open(pool, page);
    await one.act('do(action="Click", element="button Set")');
    await using two = await open(pool, page);
    expect(body(two.first)).toContain("undefined");
  });

  it("start with the world's cookies", async () => {
    await using page = await open(
      pool,
      pages({ "/": (request) => html(`<p>${request.headers.get("cookie")}</p>`) }),
      { world: { cookies: [{ host: "shop.test", name: "session", value: "s1", httpOnly: true }] } },
    );
    expect(body(page.first)).toBe("session=s1");
  });

  it("end when the site says so", async () => {
    await using page = await open(pool, `<button onclick="window.DONE = true">Finish</button>`, {
      world: { isOver: async ({ read }) => (await read("window.DONE === true")) === true },
    });
    await page.act('do(action="Wait")');
    const last = await page.episode.step(parseAction('do(action="Click", element="button Finish")'));
    expect(last.kind === "last" && last.ending).toEqual({
      kind: "terminated",
      reason: "site_end",
      answer: null,
    });
  });

  it("an aborted step rejects with the reason and leaves an episode that can be disposed", async () => {
    await using page = await open(pool, "<p>x");
    const reason = new Error("stop");
    await expect(
      page.episode.step(parseAction('do(action="Wait")'), { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    const step = page.episode.step(parseAction('do(action="Wait")'), { signal: controller.signal });
    controller.abort(reason);
    await expect(step).rejects.toBe(reason);
  });

  it("show no secret, and an element named by one can be used", async () => {
    const app = pages({
      "/": `<p>It is hunter22.<p><a href="/next?p=hunter22">hunter22</a>`,
      "/next": "<p>there",
    });
    keepSecret("hunter22", "a test");
    await using page = await open(pool, app);
    expect(JSON.stringify(page.first)).not.toContain("hunter22");
    const [link] = page.first.elements;
    const time = await page.episode.step({
      ok: true,
      action: { kind: "click", element: link!.name },
      comments: [],
    });
    invariant(time.kind === "mid", "a click does not end it");
    expect(body(time.observation)).toBe("there");
    expect(time.observation.url).toBe("http://shop.test/next?p=[redacted: secret]");
  });

  it.each(["compact", "webrl", "aria"] as const)(
    "show no secret that goes on from one element to the next: %s",
    async (format) => {
      keepSecret("Aq7xHq2-Zt9mKw4", "a test");
      const app = pages({
        "/": `<title>x</title><p>Aq7xHq2</p><p>Zt9mKw4</p><button>Aq7xHq2</button><button>Zt9mKw4</button>
<input aria-label=a value=Aq7xHq2><input aria-label=b value=Zt9mKw4><input placeholder=Aq7xHq2><input placeholder=Zt9mKw4>`,
      });
      await using page = await open(pool, app, { format });
      expect(JSON.stringify(page.first)).not.toMatch(/Aq7xHq2|Zt9mKw4/);
      expect(page.first.text).toContain("[redacted: secret]");
    },
  );

  it("show nothing of a page on a picture while a secret is visible there", async () => {
    keepSecret("hunter22", "a test");
    const app = pages({
      "/": `<h1>It is hunter22.</h1><a href="/second">Second</a>`,
      "/second": `<p style="position: fixed; top: 300px">hunter22 is it</p><dialog open>x</dialog><a href="/none">None</a>`,
      "/none": "<h1>There</h1>",
    });
    await using page = await open(pool, app);
    const first = Buffer.from(await page.episode.screenshot());
    await page.act('do(action="Click", element="link Second")');
    const second = Buffer.from(await page.episode.screenshot());
    await page.act('do(action="Click", element="link None")');
    const none = Buffer.from(await page.episode.screenshot());
    expect(second.equals(first)).toBe(true);
    expect(none.equals(first)).toBe(false);
  });

  it("say where a step's time went", async () => {
    const times: StepTimes[] = [];
    await using page = await open(
      pool,
      `<button onclick="setTimeout(() => this.after('done'), 20)">Go</button>`,
      { onStepTimes: (time) => void times.push(time) },
    );
    const from = performance.now();
    await page.act('do(action="Click", element="button Go")');
    const [time] = times;
    const sum = time!.actMs + time!.waitMs + time!.observeMs;
    expect(times).toHaveLength(1);
    for (const part of Object.values(time!)) expect(part).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(performance.now() - from);
    // A page counts as quiet after 25 ms without a change.
    expect(time!.waitMs).toBeGreaterThan(20);
    await page.episode.step(parseAction('exit(message="")'));
    expect(times).toHaveLength(1);
  });

  it("take screenshots", async () => {
    await using page = await open(pool, "<p>x");
    expect([...(await page.episode.screenshot()).subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  });
});
