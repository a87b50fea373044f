import { afterEach, expect, it, vi } from "vitest";
import { defineSite } from "../sites/define-site.ts";
import type { LoginStep } from "../sites/define-site.ts";
import { redact } from "../text/secrets.ts";
import { keepDeclared, keepTyped, refuseSecretTasks } from "./own-secrets.ts";
import { ownTasks } from "./own-tasks.ts";

afterEach(() => vi.unstubAllEnvs());

type Fill = Extract<LoginStep, { fill: string }>;
const field = (type: string, autocomplete: string | null = null) => ({ type, autocomplete });
const site = (change: object) =>
  defineSite({
    name: "desk",
    baseUrl: "http://127.0.0.1:1",
    tasks: [{ id: "look", instruction: "Look." }],
    ...change,
  });

it("a user name is not a secret, wherever it comes from, and a password is one", () => {
  const type = (step: Fill, text: string, into: ReturnType<typeof field>) => {
    keepTyped(step, text, into);
    return redact(`at /wp-${text}/`) !== `at /wp-${text}/`;
  };
  expect(type({ fill: "User name", env: "ANY" }, "admin", field("text"))).toBe(false);
  expect(type({ fill: "Identifiant", env: "ANY" }, "admin-one1", field("text", "username"))).toBe(false);
  expect(type({ fill: "Where to write", env: "ANY" }, "admin-two2@x", field("email"))).toBe(false);
  expect(type({ fill: "User name", text: "admin-three3" }, "admin-three3", field("text"))).toBe(false);
  expect(type({ fill: "Wort", env: "ANY", secret: false }, "admin-four4", field("password"))).toBe(false);
  expect(type({ fill: "Wort", text: "admin-five5" }, "admin-five5", field("password"))).toBe(true);
  expect(type({ fill: "Licence", env: "ANY" }, "admin-six6", field("text"))).toBe(true);
  expect(type({ fill: "User name", env: "ANY", secret: true }, "admin-seven7", field("text"))).toBe(true);
});

it("a secret from the environment that is too short is refused; one in the definition is left alone", () => {
  vi.stubEnv("DESK_PASSWORD", "admin");
  expect(() => keepDeclared(site({ login: [{ fill: "Password", env: "DESK_PASSWORD" }] }))).toThrow(
    /the environment variable DESK_PASSWORD \(login, fill "Password"\) cannot be kept out .* 5 characters/,
  );
  keepDeclared(site({ login: [{ fill: "Password", text: "admin" }] }));
  keepDeclared(site({ login: [{ fill: "Password", env: "DESK_PASSWORD", secret: false }] }));
  expect(redact("/wp-admin/")).toBe("/wp-admin/");
});

it("what a reset and a server are given by name is a secret, unless it looks like a word", () => {
  const basic = Buffer.from("ann:basic-pa55").toString("base64");
  keepDeclared(
    site({
      start: { command: "x", env: { DB_PASSWORD: "postgres", API_TOKEN: "tok-12345", PLAIN: "plain-12345" } },
      reset: { path: "/reset", headers: { authorization: `Basic ${basic}`, "x-api-key": "key-12345" } },
    }),
  );
  expect(redact(`postgres plain-12345 tok-12345 key-12345 basic-pa55 ${basic}`)).toBe(
    `postgres plain-12345 ${Array(4).fill("[redacted: secret]").join(" ")}=`,
  );
});

it("a secret that agents have to know is refused, with the task", () => {
  const definition = site({
    login: [{ fill: "Password", text: "tickets-2024" }],
    tasks: [
      { id: "a", instruction: "Look." },
      { id: "b", instruction: "Open the list of Tickets 2024." },
    ],
  });
  keepDeclared(definition);
  expect(() => refuseSecretTasks(definition, ownTasks(definition).tasks)).toThrow(
    "a secret of the login of desk occurs in the task desk.b: Open the list of [redacted: secret].",
  );
  refuseSecretTasks(definition, ownTasks(definition).tasks.slice(0, 1));
});
