import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { keepSecret } from "../text/secrets.ts";
import { filterWrite } from "./output-filter.ts";

const SECRET = "Tr0ubad0ür-77";
keepSecret(SECRET, "the test");

const printed = (pieces: readonly (string | Uint8Array)[]) => {
  let out = "";
  const { write, flush } = filterWrite((text) => ((out += text), true));
  for (const piece of pieces) write(piece);
  const before = out;
  flush();
  return { before, out };
};

test("a secret that is printed piece by piece does not appear", () => {
  for (let at = 1; at < SECRET.length; at++)
    expect(printed([`a ${SECRET.slice(0, at)}`, `${SECRET.slice(at)} b\n`]).out).toBe(
      "a [redacted: secret] b\n",
    );
  expect(printed(Array.from(`x${SECRET}y\n`)).out).toBe("x[redacted: secret]y\n");
  const bytes = Buffer.from(`x${SECRET}\n`);
  expect(printed([...bytes].map((byte) => Uint8Array.of(byte))).out).toBe("x[redacted: secret]\n");
});

test("what only begins like one is printed whole, at once where something else follows", () => {
  expect(printed(["Tr", "ue\n"])).toEqual({ before: "True\n", out: "True\n" });
  expect(printed(["a line\n", "T"])).toEqual({ before: "a line\n", out: "a line\nT" });
});

test("nothing is lost at the end of a process, however it ends", () => {
  const module = fileURLToPath(new URL("output-filter.ts", import.meta.url));
  const secrets = fileURLToPath(new URL("../text/secrets.ts", import.meta.url));
  const run = (end: string) =>
    spawnSync(
      process.execPath,
      [
        "--import",
        "tsx",
        "--input-type=module",
        "--eval",
        `const { filterOutput } = await import(${JSON.stringify(module)});
         const { keepSecret } = await import(${JSON.stringify(secrets)});
         keepSecret("Tr0ubadour", "x");
         filterOutput();
         process.stdout.write("so far Tr0u");
         ${end}`,
      ],
      { encoding: "utf8" },
    ).stdout;
  expect(run("")).toBe("so far Tr0u");
  expect(run("process.exit(3)")).toBe("so far Tr0u");
  expect(run("throw new Error('x')")).toBe("so far Tr0u");
});
