import { expect, test } from "vitest";
import { jsonOf, webrlProcess as webrl } from "../testing/webrl.ts";

interface Finding {
  name: string;
  ok: boolean;
  required: boolean;
  found: string;
  fix?: string;
}

test("doctor finds what is needed here, and never shows a key", () => {
  process.env["OPENAI_API_KEY"] = "sk-not-to-be-seen";
  try {
    const outcome = webrl("doctor", "--no-launch", "--json");
    expect(outcome.stdout).not.toContain("sk-not");
    const { ok, findings } = jsonOf<{ ok: boolean; findings: Finding[] }>(outcome);
    expect([ok, outcome.status]).toEqual([true, 0]);
    expect(findings.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["Node", "Machine", "Browser", "ONNX Runtime", "Shipped models"]),
    );
    expect(findings.find(({ name }) => name === "OPENAI_API_KEY")?.found).toBe("set");
  } finally {
    delete process.env["OPENAI_API_KEY"];
  }
});

test("doctor ends with exit code 2 and says how to get what is missing", () => {
  process.env["WEBRL_BROWSER"] = "/nowhere/chrome";
  try {
    const outcome = webrl("doctor", "--no-launch");
    expect(outcome.status).toBe(2);
    expect(outcome.stdout).toMatch(/MISSING +Browser +there is no browser at \/nowhere\/chrome/);
    expect(outcome.stdout).toContain("Something that is needed is missing.");
  } finally {
    delete process.env["WEBRL_BROWSER"];
  }
});
