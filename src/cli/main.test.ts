import { expect, test } from "vitest";
import { webrlProcess as webrl } from "./testing/webrl.ts";

test("an unknown command or option is refused with the nearest one, exit code 2", () => {
  const command = webrl("suit", "list");
  expect(command.status).toBe(2);
  expect(command.stderr).toContain("Did you mean suite?");
  const option = webrl("suite", "list", "--splitt", "test");
  expect(option.status).toBe(2);
  expect(option.stderr).toContain("--split");
});

test("the user's mistake has a message and a hint, no stack, exit code 2; with --json as an object", () => {
  const { status, stderr, stdout } = webrl("suite", "show", "map.nearst/3", "--json");
  expect(status).toBe(2);
  expect(stderr).toContain("map.nearest/3");
  expect(stderr).not.toContain("    at ");
  const { error } = JSON.parse(stdout) as { error: { message: string; hint: string } };
  expect(error.hint).toContain("webrl suite list");
});

test("without a browser, commands that need one end with exit code 2 and say how to get it", () => {
  process.env["WEBRL_BROWSER"] = "/nowhere/chrome";
  try {
    for (const command of [
      ["suite", "check", "--template", "map.nearest", "--instances", "1"],
      ["bench", "rollout", "--parallel", "1", "--seconds", "1"],
    ]) {
      const { status, stdout, stderr } = webrl(...command, "--json");
      expect(status).toBe(2);
      expect(stderr).not.toContain("    at ");
      const { error } = JSON.parse(stdout) as { error: { message: string; hint: string } };
      expect(error.message).toBe("there is no browser at /nowhere/chrome");
      expect(error.hint).toContain("WEBRL_BROWSER");
    }
  } finally {
    delete process.env["WEBRL_BROWSER"];
  }
});

test("a browser that does not start ends a check with exit code 2, not as a failed template", () => {
  process.env["WEBRL_BROWSER"] = "/bin/true";
  try {
    const { status, stdout } = webrl("suite", "check", "--template", "map.nearest", "--json");
    expect(status).toBe(2);
    const { error } = JSON.parse(stdout) as { error: { message: string; hint: string } };
    expect(error.message).toContain("/bin/true");
    expect(error.hint).toContain("webrl doctor");
  } finally {
    delete process.env["WEBRL_BROWSER"];
  }
});

test("--json prints one object that holds the tasks", () => {
  const { status, stdout } = webrl("suite", "list", "--site", "map", "--limit", "3", "--json");
  expect(status).toBe(0);
  const { tasks } = JSON.parse(stdout) as { tasks: { id: string }[] };
  expect(tasks).toHaveLength(3);
});

test("help has examples", () => {
  const { status, stdout } = webrl("suite", "check", "--help");
  expect(status).toBe(0);
  expect(stdout).toContain("$ webrl suite check");
});
