/**
 * @file For tests: the built-in shop with a service, a policy as a shop would write it, and a view of what really
 * happened.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Policy } from "../../../rollout/policy.ts";
import type { Conversation } from "../conversation.ts";
import type { ChatEvent } from "../events.ts";
import type { ServiceSettings } from "../policy.ts";
import type { Service, ServiceOptions } from "../service.ts";
import { openService } from "../service.ts";

export const SHOP_POLICY: ServiceSettings = {
  name: "Harbor & Pine",
  identity: {
    ask: [
      { name: "order", label: "Order number", pattern: "\\d{4}" },
      { name: "email", label: "E-mail address", kind: "email" },
    ],
    check: [
      { open: "/orders/{order}", link: "/customers/:customer" },
      { open: "/customers/{customer}", shows: ["{email}"] },
    ],
  },
  pages: {
    start: "/pages",
    public: ["/pages/*", "/products/*"],
    own: ["/orders/{order}/*", "/customers/{customer}/*"],
    home: "/orders/{order}",
    lists: [{ on: "/customers/{customer}/orders", link: "/orders/:id" }],
  },
  questions: [{ name: "reason", label: "Reason", kind: "choice", options: ["Damaged", "Wrong item"] }],
  safety: {
    effects: { change: "deny" },
    rules: [
      { name: "cancel", paths: ["/orders/:id/cancel"], verdict: "allow" },
      { name: "refund", paths: ["/orders/:id/refund"], verdict: "ask" },
      {
        name: "addresses",
        effects: ["change"],
        paths: ["/customers/:id/addresses/:address"],
        verdict: "allow",
      },
    ],
  },
};

export interface TestService extends AsyncDisposable {
  service: Service;
  directory: string;
  /** The text of a page of the shop as its staff sees it. */
  page(path: string): Promise<string>;
}

/** Removes the directory, unless one was given. */
export async function shopService(
  model: Policy,
  options: Partial<ServiceOptions> & { directory?: string } = {},
): Promise<TestService> {
  const directory = options.directory ?? (await mkdtemp(join(tmpdir(), "webrl-service-")));
  const remove = async () => {
    if (options.directory === undefined) await rm(directory, { recursive: true, force: true });
  };
  const service = await openService({
    site: "store-admin",
    model,
    policy: SHOP_POLICY,
    ...options,
    directory,
  }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    service,
    directory,
    page: async (path) => {
      const { hosts, cookies } = await service.site.world({ signInAgain: false });
      const cookie = cookies
        .filter(({ host }) => host === "admin.webrl.test")
        .map(({ name, value }) => `${name}=${value}`)
        .join("; ");
      const url = `http://admin.webrl.test${path}`;
      const response = await hosts.get("admin.webrl.test")!(new Request(url, { headers: { cookie } }));
      return (await response.text()).replace(/<(style|script)>.*?<\/\1>/gs, "").replace(/<[^>]*>/g, " ");
    },
    [Symbol.asyncDispose]: async () => {
      await service[Symbol.asyncDispose]();
      await remove();
    },
  };
}

/** The first event after number `after` that `fits`. */
export function nextEvent<E extends ChatEvent>(
  conversation: Conversation,
  after: number,
  fits: (event: ChatEvent) => event is E,
): Promise<E> {
  return new Promise((resolve) => {
    const end = conversation.listen(after, (event) => {
      if (!fits(event)) return;
      resolve(event);
      // Existing events arrive before `end` is set.
      queueMicrotask(() => end());
    });
  });
}

export const said =
  (from: "agent" | "system" | "person") =>
  (event: ChatEvent): event is Extract<ChatEvent, { kind: "chat/message" }> =>
    event.kind === "chat/message" && event.from === from;

export const isKind =
  <K extends ChatEvent["kind"]>(kind: K) =>
  (event: ChatEvent): event is Extract<ChatEvent, { kind: K }> =>
    event.kind === kind;
