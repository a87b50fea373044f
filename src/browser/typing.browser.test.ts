import { afterAll, describe, expect, it } from "vitest";
import { printAction } from "../text/action.ts";
import { BrowserPool } from "./pool.ts";
import { body, html, open, pages } from "./test-support.ts";

const pool = new BrowserPool();
afterAll(() => pool[Symbol.asyncDispose]());

const type = (element: string, text: string) => printAction({ kind: "type", element, text });
const insert = (text: string, element?: string) =>
  printAction({ kind: "insert", text, ...(element && { element }) });
const press = (keys: string, element?: string) =>
  printAction({ kind: "press", keys, ...(element && { element }) });

/** Writes the events of the field into the page. */
const LOG = `<p id=out></p><script>
  const seen = {};
  for (const kind of ["keydown", "keypress", "input", "keyup", "change"])
    document.addEventListener(kind, (e) => { seen[kind] = (seen[kind] ?? 0) + 1; if (e.target.id === "f") out.textContent = Object.entries(seen).map(([k, n]) => k + " " + n).join(", ") });
</script>`;

describe("Type", () => {
  it("sends key events for every character, also for those without a key", async () => {
    await using page = await open(pool, `<input id=f aria-label=Name>${LOG}`);
    const typed = await page.act(type("textbox Name", "Zoë 😀"));
    expect(typed.elements[0]!.value).toBe("Zoë 😀");
    expect(body(typed)).toContain("keydown 5, keypress 5, input 5, keyup 5");
  });

  it.each([
    [
      "a search on keyup",
      `<input aria-label=F onkeyup="out.textContent = 'found ' + this.value"><p id=out>`,
      "lamp",
      "found lamp",
    ],
    [
      "a mask",
      `<input aria-label=F oninput="const d = this.value.replace(/\\D/g, ''); this.value = '(' + d.slice(0, 3) + ') ' + d.slice(3, 6) + '-' + d.slice(6); out.textContent = 'kept ' + this.value"><p id=out>`,
      "5551234567",
      "kept (555) 123-4567",
    ],
    [
      "capitals",
      `<input aria-label=F oninput="this.value = this.value.toUpperCase(); out.textContent = this.value"><p id=out>`,
      "ab12",
      "AB12",
    ],
    [
      "completion",
      `<input aria-label=F oninput="if (this.value === 'Lis') this.value = 'Lisbon'; out.textContent = this.value"><p id=out>`,
      "Lis",
      "Lisbon",
    ],
    [
      "chips at a comma",
      `<input aria-label=F onkeydown="if (event.key === ',') { event.preventDefault(); out.textContent += '<' + this.value + '>'; this.value = '' }"><p id=out>`,
      "red,blue,",
      "<red><blue>",
    ],
    [
      "a code box that jumps",
      `<input aria-label=F maxlength=1 oninput="b.focus()"><input id=b maxlength=1 aria-label=B oninput="out.textContent = 'code ' + document.querySelector('input').value + this.value"><p id=out>`,
      "42",
      "code 42",
    ],
  ])("is taken by %s", async (_, page_, text, shown) => {
    await using page = await open(pool, page_);
    const typed = await page.act(type("textbox F", text));
    expect(typed.error).toBeNull();
    expect(body(typed)).toContain(shown);
  });

  it.each([
    [
      "is reverted",
      `<input aria-label=F value=old oninput="this.value = 'old'">`,
      "new",
      'did not take the text: it still reads "old"',
    ],
    [
      "is read-only by script",
      `<input aria-label=F onkeydown="event.preventDefault()">`,
      "new",
      'did not take the text: it still reads ""',
    ],
    [
      "goes into a field for numbers",
      `<input aria-label=F type=number>`,
      "ten",
      'did not take the text: it still reads ""',
    ],
    [
      "is too long",
      `<input aria-label=F maxlength=4>`,
      "123456",
      'takes only 4 characters: it now reads "1234"',
    ],
    [
      "is altered",
      `<input aria-label=F oninput="this.value = this.value.replace(/[aeiou]/g, '')">`,
      "abecedary",
      'it now reads "bcdry"',
    ],
    [
      "is a password that is cut",
      `<input aria-label=F type=password maxlength=4>`,
      "hunter22",
      "takes only 4 characters: it now has 4 characters",
    ],
  ])("says so where the text %s", async (_, page_, text, message) => {
    await using page = await open(pool, page_);
    const { error } = await page.act(type("textbox F", text));
    expect(error?.code).toBe("not_actionable");
    expect(error?.message).toContain(message);
  });

  it.each([
    [
      "a mask that puts something before",
      `<input aria-label=F oninput="this.value = '+1 ' + this.value.replace(/^\\+1 ?/, '')">`,
      "5551234567",
    ],
    [
      "a field that is read-only until it has the focus",
      `<input aria-label=F readonly onfocus="this.readOnly = false">`,
      "lamp",
    ],
    [
      "a field in a shadow root",
      `<div id=h></div><script>h.attachShadow({ mode: "open" }).innerHTML = "<input aria-label=F>"</script>`,
      "lamp",
    ],
    [
      "chips in a shadow root",
      `<div id=h></div><script>const r = h.attachShadow({ mode: "open" }); r.innerHTML = "<input aria-label=F><p></p>"; const f = r.querySelector("input"); f.oninput = () => { if (f.value.endsWith(",")) { r.querySelector("p").textContent += f.value; f.value = "" } }</script>`,
      "red,",
    ],
    ["a number with a comma", `<input aria-label=F type=number step=any>`, "1,234.5"],
    [
      "a page that makes the field anew at every key",
      `<div id=h></div><script>let v = ""; const draw = () => { h.innerHTML = ""; const f = document.createElement("input"); f.ariaLabel = "F"; f.value = v; f.oninput = () => { v = f.value; draw() }; h.append(f); f.focus(); f.setSelectionRange(v.length, v.length) }; draw()</script>`,
      "lamp",
    ],
  ])("finds nothing wrong with %s", async (_, page_, text) => {
    await using page = await open(pool, page_);
    expect((await page.act(type("textbox F", text))).error).toBeNull();
  });

  it("says so where the text was added to what was there", async () => {
    await using page = await open(
      pool,
      `<input aria-label=F value=old oninput="this.value = this.dataset.was + this.value; " data-was=old>`,
    );
    expect((await page.act(type("textbox F", "n"))).error?.message).toContain('it now reads "oldn"');
  });

  it("types, pastes and presses in frames, of another site too", async () => {
    const inner = pages({
      "/inner": `<body contenteditable aria-label=Editor><p>Old</p>`,
      "/field": `<input aria-label=Far><p id=out></p><script>document.addEventListener("keydown", (e) => { out.textContent = e.key })</script>`,
    });
    const app = pages({
      "/": `<iframe src=/inner width=400 height=100></iframe><iframe src="http://other.test/field" width=400 height=100></iframe>`,
      "/inner": (request) => inner(request),
    });
    await using page = await open(pool, app, {
      world: {
        hosts: new Map([
          ["shop.test", app],
          ["other.test", inner],
        ]),
      },
    });
    const editor = page.first.elements[0]!.name;
    const typed = await page.act(type(editor, "New"));
    expect([typed.error, typed.elements[0]!.value]).toEqual([null, "New"]);
    expect((await page.act(type("textbox Far", "lamp"))).error).toBeNull();
    expect(body(await page.act(press("Control+A Control+C Escape", "textbox Far")))).toContain("Escape");
    const pasted = await page.act(press("Control+V", editor));
    expect(pasted.elements[0]!.value).toContain("lamp");
  });

  it("breaks lines in text areas and rich text, and never presses Enter", async () => {
    await using page = await open(
      pool,
      `<form action=/sent><textarea aria-label=Area onkeydown="if (event.key === 'Enter' && !event.shiftKey) this.form.submit()"></textarea>
       <div contenteditable role=textbox aria-label=Rich style="white-space: pre-wrap"></div><input aria-label=Line></form><pre id=out></pre>
       <script>document.addEventListener("input", () => { out.textContent = JSON.stringify([document.querySelector("textarea").value, document.querySelector("div").innerText, document.querySelector("input").value]) })</script>`,
    );
    await page.act(type("textbox Area", "one\ntwo\r\n"));
    await page.act(type("textbox Rich", "one\ntwo"));
    const typed = await page.act(type("textbox Line", "one\ntwo\n"));
    expect(typed.error).toBeNull();
    expect(body(typed)).toContain(JSON.stringify(["one\ntwo\n", "one\ntwo", "one two"]));
  });

  it("types long texts whole, with their ends as keys", async () => {
    const text = Array.from({ length: 300 }, (_, i) => `Line ${i} of a long text, zoë.`).join("\n");
    await using page = await open(
      pool,
      `<textarea aria-label=Area onkeyup="out.textContent = this.value.length"></textarea><div contenteditable role=textbox aria-label=Rich></div><p id=out></p>`,
      {
        world: {
          isOver: async ({ read }) => (
            (rich = String(await read("document.querySelector('div').innerText"))),
            false
          ),
        },
      },
    );
    let rich = "";
    const area = await page.act(type("textbox Area", text));
    expect(area.error).toBeNull();
    expect(body(area)).toContain(String(text.length));
    expect((await page.act(type("textbox Rich", text))).error).toBeNull();
    expect(rich.replace(/\u00a0/g, " ")).toBe(text);
  });

  it("replaces what is in a rich text, and empties it", async () => {
    await using page = await open(
      pool,
      `<div contenteditable role=textbox aria-label=Rich><p>Old <b>words</b></p><p>here</p></div>`,
    );
    const typed = await page.act(type("textbox Rich", "New"));
    expect(typed.elements[0]!.value).toBe("New");
    const emptied = await page.act(type("textbox Rich", ""));
    expect(emptied.elements[0]!.value ?? "").toBe("");
  });
});

describe("Insert and Select Text", () => {
  it("adds at the end, over a selection, and at the caret", async () => {
    await using page = await open(pool, `<textarea aria-label=Note>Dear Ann,\nthe lamp is red.</textarea>`);
    const value = async (act: string) => (await page.act(act)).elements[0]!.value;
    expect(await value(insert(" Bye.", "textbox Note"))).toContain("the lamp is red. Bye.");
    await page.act(printAction({ kind: "select_text", text: "lamp is", element: "textbox Note" }));
    expect(await value(insert("lamps are", "textbox Note"))).toContain("the lamps are red. Bye.");
    await page.act(printAction({ kind: "select_text", text: "dear", element: "textbox Note" }));
    await page.act(press("ArrowRight"));
    expect(await value(insert("est"))).toContain("Dearest Ann,");
    const none = await page.act(printAction({ kind: "select_text", text: "cat", element: "textbox Note" }));
    expect(none.error?.message).toBe('"textbox Note" has no text "cat"');
  });

  it("edits rich text in place and keeps its format", async () => {
    await using page = await open(
      pool,
      `<div id=r contenteditable role=textbox aria-label=Rich><p>The <b>old lamp</b> is red.</p></div><button onmousedown="event.preventDefault()" onclick="document.execCommand('italic')">Italic</button><pre id=out></pre><script>document.addEventListener("input", () => { out.textContent = r.innerHTML })</script>`,
    );
    await page.act(printAction({ kind: "select_text", text: "old", element: "textbox Rich" }));
    expect(body(await page.act(insert("new")))).toContain("<p>The <b>new lamp</b> is red.</p>");
    await page.act(printAction({ kind: "select_text", text: "red", element: "textbox Rich" }));
    expect(body(await page.act('do(action="Click", element="button Italic")'))).toContain("is <i>red</i>.");
    await page.act(press("ArrowRight"));
    expect(body(await page.act(insert(" End.", "textbox Rich")))).toContain("red</i>. End.");
  });

  it("selects text of the page across elements, also where the mouse would press a link", async () => {
    await using page = await open(
      pool,
      `<p>Some <b>bold</b> words.</p><p><a href=/x>A link</a> and more.</p><p id=out>-</p><script>document.addEventListener("selectionchange", () => { out.textContent = "selected: " + getSelection() })</script>`,
    );
    const select = async (text: string) => await page.act(printAction({ kind: "select_text", text }));
    expect(body(await select("bold words"))).toContain("selected: bold words");
    expect(body(await select("A link and"))).toContain("selected: A link and");
    expect((await select("no such words")).error?.message).toBe('the page has no text "no such words"');
  });

  it("says that nothing took the text", async () => {
    await using page = await open(pool, "<p>Nothing here.");
    expect((await page.act(insert("x"))).error?.message).toBe(
      "nothing took the text: no field has the focus",
    );
  });
});

describe("values as a whole", () => {
  it("takes dates and times as people write them, and tells the page", async () => {
    await using page = await open(
      pool,
      `<input type=date aria-label=Day><input type=time aria-label=At><input type=datetime-local aria-label=Both><input type=month aria-label=Month><input type=week aria-label=Week><input type=color aria-label=Colour>
       <pre id=out></pre><script>document.addEventListener("change", () => { out.textContent = [...document.querySelectorAll("input")].map((i) => i.value).join(" ") })</script>`,
    );
    await page.act(type("textbox Day", "March 12, 2026"));
    await page.act(type("textbox At", "2:30 pm"));
    await page.act(type("textbox Both", "12 March 2026 at 9:05 am"));
    await page.act(type("textbox Month", "March 2026"));
    await page.act(type("textbox Week", "week 9, 2026"));
    const all = await page.act(type("textbox Colour", "Red"));
    expect(body(all)).toContain("2026-03-12 14:30 2026-03-12T09:05 2026-03 2026-W09 #ff0000");
    const ambiguous = await page.act(type("textbox Day", "12/03/2026"));
    expect(ambiguous.error?.message).toContain("may mean 2026-12-03 or 2026-03-12");
    expect((await page.act(type("textbox Day", "soon"))).error?.message).toContain("such as 2026-03-16");
    const emptied = await page.act(type("textbox Day", ""));
    expect(emptied.error).toBeNull();
    expect(emptied.elements[0]!.value ?? "").toBe("");
  });

  it("says that a page put a value back", async () => {
    await using page = await open(
      pool,
      `<input type=date aria-label=Day value=2026-01-01 oninput="this.value = '2026-01-01'">`,
    );
    expect((await page.act(type("textbox Day", "2026-02-02"))).error?.message).toContain(
      "did not keep the value",
    );
  });

  it("sets sliders by number and share, within their range and steps", async () => {
    await using page = await open(
      pool,
      `<input type=range aria-label=Level min=0 max=200 step=10 value=20 oninput="out.textContent = 'now ' + this.value"><p id=out></p>`,
    );
    expect(body(await page.act(type("slider Level", "70")))).toContain("now 70");
    expect(body(await page.act(type("slider Level", "50%")))).toContain("now 100");
    expect((await page.act(type("slider Level", "300"))).error?.message).toContain(
      "takes a number from 0 to 200",
    );
    expect((await page.act(type("slider Level", "33"))).error?.message).toContain(
      "did not stop at 33: it now reads 30",
    );
    expect(body(await page.act(press("ArrowRight ArrowRight", "slider Level")))).toContain("now 50");
    expect(
      body(await page.act(printAction({ kind: "drag", element: "slider Level", to: [2000, 0] }))),
    ).toBeDefined();
  });

  const drawn = (
    keys: boolean,
  ) => `<div id=track style="position:relative;width:300px;height:10px;background:#ddd;margin:40px">
    <div id=thumb role=slider tabindex=0 aria-label=Volume aria-valuemin=0 aria-valuemax=100 aria-valuenow=20 style="position:absolute;left:60px;top:-5px;width:20px;height:20px;margin-left:-10px;background:red"></div></div>
    <script>
      const set = (v) => { v = Math.round(Math.max(0, Math.min(100, v))); thumb.setAttribute("aria-valuenow", v); thumb.style.left = v * 3 + "px" };
      if (${keys}) thumb.onkeydown = (e) => { if (/Arrow/.test(e.key)) set(+thumb.getAttribute("aria-valuenow") + (e.key === "ArrowRight" ? 1 : -1)) };
      let down = false;
      thumb.onmousedown = () => { down = true }; onmouseup = () => { down = false };
      onmousemove = (e) => { if (down) set((e.clientX - track.getBoundingClientRect().left) / 3) };
    </script>`;
  it.each([
    ["with keys", true],
    ["with the mouse only", false],
  ])("sets a slider that the page draws, %s", async (_, keys) => {
    let value = "";
    await using page = await open(pool, drawn(keys), {
      world: {
        isOver: async ({ read }) => (
          (value = String(await read("thumb.getAttribute('aria-valuenow')"))),
          false
        ),
      },
    });
    for (const wanted of ["23", "80", "0", "100"]) {
      const { error } = await page.act(type("slider Volume", wanted));
      expect([value, error]).toEqual([wanted, null]);
    }
    await page.act(printAction({ kind: "drag", element: "slider Volume", to: [-150, 0] }));
    expect(value).toBe("50");
  });

  it("reaches the state of an application that tracks values as React does", async () => {
    // React notes a value when it is set through the field's own property, and ignores events without a new one.
    await using page = await open(
      pool,
      `<input type=date aria-label=Day><p id=out>state: none</p><script>
        const field = document.querySelector("input");
        const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
        let noted = "";
        Object.defineProperty(field, "value", { configurable: true, get() { return get.call(this) }, set(v) { noted = v; set.call(this, v) } });
        field.addEventListener("input", () => { const now = get.call(field); if (now !== noted) { noted = now; out.textContent = "state: " + now } });
      </script>`,
    );
    expect(body(await page.act(type("textbox Day", "2026-03-12")))).toContain("state: 2026-03-12");
  });
});

describe("Press", () => {
  it("presses keys where the focus is, or in an element", async () => {
    await using page = await open(
      pool,
      `<input aria-label=A value=abc><input aria-label=B><dialog id=d><p>Open<input aria-label=C></dialog><button onclick="d.showModal()">Open</button><p id=out></p>
       <script>document.addEventListener("keydown", (e) => { out.textContent += " " + (e.ctrlKey ? "^" : "") + e.key })</script>`,
    );
    const deleted = await page.act(press("Control+A Delete", "textbox A"));
    expect(deleted.elements[0]!.value ?? "").toBe("");
    expect(body(deleted)).toContain("^Control ^a Delete");
    expect((await page.act(press("Tab"))).focused).toBe("textbox B");
    await page.act('do(action="Click", element="button Open")');
    expect(body(await page.act(press("Escape")))).toContain("[button Open]");
    expect(body(await page.act(press("Shift+Tab Control+Enter")))).toContain("^Enter");
  });

  it("copies and pastes within the episode only", async () => {
    const pages_ = `<p>Code <span>AB-12</span></p><input aria-label=From value=secret-1><input aria-label=To><button onclick="const r = document.createRange(); r.selectNodeContents(document.querySelector('span')); getSelection().removeAllRanges(); getSelection().addRange(r); out.textContent = document.execCommand('copy')">Copy</button>
      <button onclick="document.querySelector('iframe').src = '/inner'">Frame</button><p id=out></p><iframe></iframe><script>document.querySelector("[aria-label=To]").addEventListener("paste", (e) => { out.textContent = "pasted " + e.clipboardData.getData("text/plain") })</script>`;
    const app = pages({ "/": pages_, "/inner": "<textarea aria-label=Inner></textarea>" });
    await using one = await open(pool, app);
    await using two = await open(pool, app);
    await one.act(press("Control+A Control+C", "textbox From"));
    const other = await two.act(press("Control+V", "textbox To"));
    expect(other.elements[1]!.value ?? "").toBe("");
    const pasted = await one.act(press("Control+V", "textbox To"));
    expect(pasted.elements[1]!.value).toBe("secret-1");
    expect(body(pasted)).toContain("pasted secret-1");
    await two.act('do(action="Click", element="button Copy")');
    await two.act('do(action="Click", element="button Frame")');
    const inner = await two.act(press("Control+V", "textbox Inner"));
    expect(inner.elements.find((e) => e.label === "Inner")!.value).toBe("AB-12");
    const cut = await two.act(press("Control+A Control+X", "textbox From"));
    expect(cut.elements[0]!.value ?? "").toBe("");
    expect((await two.act(press("Control+V Control+V", "textbox From"))).elements[0]!.value).toBe(
      "secret-1secret-1",
    );
  });
});

it("pastes what a page copied by navigator.clipboard, which only a secure page has", async () => {
  const app = pages({
    "/": `<input aria-label=F><button onclick="navigator.clipboard.writeText('AB-12').then(() => { out.textContent = 'copied' }, (e) => { out.textContent = e })">Copy</button><button onclick="setTimeout(() => navigator.clipboard.write([new ClipboardItem({ 'text/plain': new Blob(['CD']) })]).then(() => { out.textContent = 'written' }, (e) => { out.textContent = e }))">Write</button><p id=out></p>
      <script>navigator.clipboard.writeText("unasked").catch((e) => { out.textContent = e.name })</script>`,
  });
  const world = { hosts: new Map([["localhost", app]]), startUrl: "http://localhost/" };
  await using page = await open(pool, app, { world });
  expect(body(page.first)).toContain("NotAllowedError");
  expect(body(await page.act('do(action="Click", element="button Copy")'))).toContain("copied");
  expect((await page.act(press("Control+V", "textbox F"))).elements[0]!.value).toBe("AB-12");
  expect(body(await page.act('do(action="Click", element="button Write")'))).toContain("written");
  expect((await page.act(press("Control+A Control+V", "textbox F"))).elements[0]!.value).toBe("CD");
});

it("a step that leaves the page is not a typing error", async () => {
  const app = pages({
    "/": `<input aria-label=F oninput="if (this.value === 'ab') location.href = '/two'">`,
    "/two": () => html("<p>second"),
  });
  await using page = await open(pool, app);
  const left = await page.act(type("textbox F", "abc"));
  expect([body(left), left.error]).toEqual(["second", null]);
});
