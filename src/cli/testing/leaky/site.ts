/**
 * @file The definition of a site that gives away its user's password, even in its checks. `LEAKY` says how it breaks.
 */

import { click, defineSite, defineTemplate, exit } from "../../../sites/index.ts";
import { APART, PASSWORD, SPELLINGS, VARIABLE } from "./spellings.ts";

const all = [...SPELLINGS, ...APART];
const how = process.env["LEAKY"];

const look = (id: string, testOnly: boolean) =>
  defineTemplate<{ path: string; n: number }>({
    id,
    phrasings: ["Look at {path} for the {n}th time."],
    instances: ["/", "/hop", "/down", "/split"].flatMap((path) => [1, 2, 3, 4].map((n) => ({ path, n }))),
    testOnly,
    startPath: ({ path }) => path,
    check: ({ n }) => [
      ({ url, pageText, answer }) => {
        if (how === "throw")
          throw new Error(`seen ${all.join(" ")}`, { cause: new Error(`because of ${PASSWORD}`) });
        if (how === "print") {
          console.log(all.join("\n"));
          console.error(new Error(PASSWORD));
          process.stdout.write(Buffer.from(`${PASSWORD}\n`));
          process.emitWarning(`${PASSWORD} is old`);
        }
        if (how === "unhandled") setTimeout(() => void Promise.reject(new Error(PASSWORD)));
        return [all[n]!, ...all, `at ${url}: ${pageText.slice(0, 2000)} ${answer}`];
      },
    ],
    *oracle({ path }, first) {
      if (path === "/") {
        const away = yield click(first, "link", "Away");
        const download = yield click(away, "link", "Download");
        yield click(download, "button", "Alert");
      }
      yield exit("");
    },
  });

export default defineSite({
  name: "leaky",
  baseUrl: "http://127.0.0.1:{port}",
  start: { command: "node --import tsx server.ts" },
  reset: { path: "/reset" },
  login: [{ open: "/login" }, { fill: "Password", env: VARIABLE }, { click: "Go" }, { see: "Hello Ann" }],
  templates: [look("seen", false), look("kept", true)],
});
