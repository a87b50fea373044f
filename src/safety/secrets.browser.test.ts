import { afterAll, beforeAll, expect, it } from "vitest";
import { BrowserPool } from "../browser/pool.ts";
import { html, open, pages } from "../browser/test-support.ts";
import { keepSecret } from "../text/secrets.ts";

const SECRET = "Basalt-5521-ferry";
const secrets = new Map([["PASSWORD", { value: SECRET, hosts: ["shop.test"], fields: ["password"] }]]);

let pool: BrowserPool;
beforeAll(() => {
  pool = new BrowserPool();
  keepSecret(SECRET, "a test");
});
afterAll(() => pool[Symbol.asyncDispose]());

const LOGIN = `<form method=post action=/login><label>User <input name=user></label><label>Password <input type=password name=p></label>
<button>Log in</button></form><p>You typed <output></output></p><script>document.querySelector("[name=p]").oninput = (e) => document.querySelector("output").value = e.target.value</script>`;

it("a secret that a site defines is typed without a gate, and is in no page that the agent sees", async () => {
  const bodies: string[] = [];
  const app = pages({
    "/": LOGIN,
    "/login": async (request) => {
      bodies.push(await request.text());
      return html(`<h1>Hello</h1><p>Your password is ${SECRET}</p>`);
    },
  });
  await using test = await open(pool, app, { world: { secrets } });
  const typed = await test.act(
    'do(action="Type", argument="{{secret:PASSWORD}}", element="textbox Password")',
  );
  expect(typed.error).toBeNull();
  expect(typed.text).not.toContain(SECRET);
  const page = await test.act('do(action="Click", element="button Log in")');
  expect(bodies).toEqual([`user=&p=${SECRET}`]);
  expect(page.text).toContain("Hello");
  expect(JSON.stringify(page)).not.toContain(SECRET);
});

it.each([
  [
    "another field",
    'do(action="Type", argument="{{secret:PASSWORD}}", element="textbox User")',
    /fields of the kind password/,
  ],
  [
    "an unknown name",
    'do(action="Type", argument="{{secret:PASWORD}}", element="textbox Password")',
    /nearest is "PASSWORD"/,
  ],
  ["no field", 'do(action="Insert", argument="{{secret:PASSWORD}}")', /no field was named/],
])("a secret for %s is not typed, and neither is its placeholder", async (_, action, message) => {
  await using test = await open(pool, LOGIN, { world: { secrets } });
  const page = await test.act(action);
  expect(page.error).toMatchObject({ code: "blocked", message: expect.stringMatching(message) });
  expect(page.text).not.toContain("secret:");
});
