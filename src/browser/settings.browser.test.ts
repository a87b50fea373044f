import { afterAll, expect, it } from "vitest";
import { parseConfig } from "../run/parse-config.ts";
import { BrowserPool } from "./pool.ts";
import { browserSettingsSchema } from "../core/browser-settings.ts";
import { body, open, pages } from "./test-support.ts";

const settings = { width: 1600, height: 1000, locale: "de-DE", timezone: "Asia/Tokyo" };
const pool = new BrowserPool(settings);
afterAll(() => pool[Symbol.asyncDispose]());

it("pages and sites see the window, language and time zone that are set", async () => {
  const languages: (string | null)[] = [];
  const app = pages({
    "/": `<p id=out>-</p><script>
      out.textContent = [innerWidth, innerHeight, navigator.language, (1234.5).toLocaleString(), new Date(0).getHours()].join(" ");
    </script>`,
  });
  await using page = await open(pool, (request) => {
    languages.push(request.headers.get("accept-language"));
    return app(request);
  });
  expect(body(page.first)).toContain("1600 1000 de-DE 1.234,5 9");
  expect(languages[0]).toContain("de-DE");
  expect(pool.settings).toEqual(settings);
});

it("the mouse reaches all of a larger window, and no more than a smaller one", async () => {
  const corner = `<body style="margin:0"><button style="position:fixed;left:1500px;top:950px;width:90px;height:40px" onclick="out.textContent='hit'">Far</button><p id=out>-</p>`;
  await using large = await open(pool, corner);
  expect(body(await large.act('do(action="Click", element="button Far")'))).toContain("hit");
  await using narrow = new BrowserPool({ width: 800, height: 600 });
  await using small = await open(narrow, corner);
  const button = small.first.elements.find(({ role }) => role === "button");
  const after = await small.act('do(action="Click", element="button Far")');
  expect(button === undefined || after.error !== null).toBe(true);
  expect(body(after)).not.toContain("hit");
});

it("refuses languages, time zones and sizes that no browser has", () => {
  const parse = (value: object) => () => parseConfig(browserSettingsSchema, value);
  expect(parse({ locale: "english please" })).toThrow("must be a language tag such as en-US or de-DE");
  expect(parse({ timezone: "Mars/Olympus" })).toThrow("must be a time zone such as UTC or Europe/Berlin");
  expect(parse({ timezone: "+02:00" })).toThrow("must be a time zone");
  expect(parse({ width: 100 })).toThrow("width");
  expect(parse({ viewport: "1280x720" })).toThrow("there is no setting viewport");
});
