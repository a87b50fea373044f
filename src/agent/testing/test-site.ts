/** @file For tests: a site of a few pages that the test writes, and an agent on it in a temporary directory. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrowserPool } from "../../browser/pool.ts";
import type { EpisodeWorld, HostFetch } from "../../browser/world.ts";
import type { Policy } from "../../rollout/policy.ts";
import type { AgentRecord } from "../record.ts";
import { openRecord } from "../record.ts";
import { RUN_LIMITS } from "../run.ts";
import type { AgentSession, SessionOptions } from "../session.ts";
import { openSession } from "../session.ts";
import type { AgentSite } from "../site.ts";

const HOST = "shop.test";

/** Lives as long as the test file. */
const pool = new BrowserPool();
export const closeBrowser = () => pool[Symbol.asyncDispose]();

/** `kill -9`, as the system does when memory runs out. */
export async function killBrowser(of: Pick<BrowserPool, "browser"> = pool): Promise<void> {
  const browser = await of.browser();
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const gone = new Promise((resolve) => browser.once("disconnected", resolve));
  process.kill(processInfo.find(({ type }) => type === "browser")!.id, "SIGKILL");
  await gone;
}

export function testSite(app: HostFetch, overrides: Partial<AgentSite> & { world?: never } = {}): AgentSite {
  return {
    name: "shop",
    description: null,
    contexts: pool,
    world: ({ startUrl }) =>
      Promise.resolve({
        hosts: new Map([[HOST, app]]),
        allowedHosts: [],
        cookies: [],
        startUrl: startUrl ?? `http://${HOST}/`,
      } satisfies EpisodeWorld),
    isSignInPage: () => false,
    isSignInAddress: () => false,
    isSignedIn: false,
    canSignIn: false,
    [Symbol.asyncDispose]: () => Promise.resolve(),
    ...overrides,
  };
}

export interface TestSession extends AsyncDisposable {
  session: AgentSession;
  record: AgentRecord;
  directory: string;
}

/** Disposes session and record, and removes the directory unless one was given. */
export async function testSession(
  site: AgentSite,
  policy: Policy,
  options: Partial<SessionOptions> & { directory?: string } = {},
): Promise<TestSession> {
  const { directory: given, ...rest } = options;
  const directory = given ?? (await mkdtemp(join(tmpdir(), "webrl-agent-")));
  const record = await openRecord(directory, { site: site.name, model: policy.name });
  const session = await openSession({
    site,
    policy,
    record,
    model: policy.name,
    format: "compact",
    limits: RUN_LIMITS,
    ...rest,
  });
  return {
    session,
    record,
    directory,
    [Symbol.asyncDispose]: async () => {
      await session[Symbol.asyncDispose]();
      await record[Symbol.asyncDispose]();
      if (given === undefined) await rm(directory, { recursive: true });
    },
  };
}
