/**
 * @file Episodes of the built-in tasks by their oracles, in pages whose parts break: style sheets, pictures, scripts,
 * requests and frames that fail, break off, come late or never. None of them may fault an episode or change its score.
 */

import type { Rng } from "../../src/core/rng.ts";
import { isFaulted } from "../../src/rollout/episode.ts";
import type { MakeTrouble } from "./episodes.ts";
import { closeBrowsers, playEpisodes, TROUBLES } from "./episodes.ts";
import type { Part } from "./part.ts";

/** Share of pages with a part in trouble. */
const TROUBLE_RATE = 0.3;
const PLACE = "/soak-part/";

interface PagePart {
  type: string;
  body: string;
  /** In the page, with `src` as its address. */
  html: (src: string) => string;
  isHead?: boolean;
}

const KINDS: Record<string, PagePart> = {
  "style sheet": {
    type: "text/css",
    body: "body { outline: 0 }",
    html: (src) => `<link rel="stylesheet" href="${src}">`,
    isHead: true,
  },
  font: {
    type: "font/woff2",
    body: "no font",
    html: (src) =>
      `<style>@font-face { font-family: Soak; src: url(${src}) } h1 { font-family: Soak, inherit }</style>`,
    isHead: true,
  },
  script: {
    type: "text/javascript",
    body: "0",
    html: (src) => `<script src="${src}"></script>`,
    isHead: true,
  },
  "async script": {
    type: "text/javascript",
    body: "0",
    html: (src) => `<script async src="${src}"></script>`,
  },
  picture: {
    type: "image/svg+xml",
    body: '<svg xmlns="http://www.w3.org/2000/svg"/>',
    html: (src) => `<img alt="" width="1" height="1" src="${src}">`,
  },
  request: {
    type: "application/json",
    body: "{}",
    html: (src) => `<script>fetch("${src}").then((answer) => answer.json())</script>`,
  },
  "event stream": {
    type: "text/event-stream",
    body: "data: x\n\n",
    html: (src) => `<script>new EventSource("${src}")</script>`,
  },
  frame: {
    type: "text/html",
    body: "<p></p>",
    html: (src) => `<iframe width="1" height="1" style="border: 0" src="${src}"></iframe>`,
  },
};

/** The host; now and then, one of its pages gets an additional part, which is in trouble. */
const troubleParts: MakeTrouble = (host, rng, count) => async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname.startsWith(PLACE)) {
    const [name, trouble] = decodeURIComponent(pathname.slice(PLACE.length)).split("/") as [string, string];
    const { type, body } = KINDS[name]!;
    count(`${name}: ${trouble}`);
    const answer = async () => new Response(body, { headers: { "content-type": type } });
    return TROUBLES[trouble]!(answer, rng, request);
  }
  const answer = await host(request);
  const isPage = answer.status === 200 && answer.headers.get("content-type")?.startsWith("text/html");
  if (!isPage || rng.next() >= TROUBLE_RATE) return answer;
  return new Response(withPart(await answer.text(), rng), { status: 200, headers: answer.headers });
};

function withPart(page: string, rng: Rng): string {
  const name = rng.pick(Object.keys(KINDS));
  const { html, isHead } = KINDS[name]!;
  // A script that never comes keeps the rest of the document from the page: that is a fault, with a test of its own.
  const troubles = Object.keys(TROUBLES).filter((trouble) => name !== "script" || trouble !== "never came");
  const src = `${PLACE}${encodeURIComponent(name)}/${encodeURIComponent(rng.pick(troubles))}`;
  return page.replace(isHead ? "</head>" : "</body>", (end) => `${html(src)}${end}`);
}

export const resources: Part = {
  name: "resources",
  title: "episodes in pages whose parts break",
  async round(round) {
    for (const record of await playEpisodes(round, troubleParts)) {
      const { id, truth, faults, trajectory } = record;
      const told = `${id} (${trajectory.task.id}, seed ${trajectory.seed})`;
      if (faults.length > 0 || isFaulted(record))
        round.find(
          `${told} is faulted by a part of a page: ${JSON.stringify([...faults, trajectory.ending])}`,
        );
      else if (truth?.success !== true) round.find(`${told} counts as failed: ${truth?.reasons.join("; ")}`);
      else round.count("solved at the first attempt");
    }
  },
  end: closeBrowsers,
};
