import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { SiteFinished } from "../sites/define-site.ts";
import { resetCopies, startCopies, stopCopies } from "./background-copies.ts";
import { freePort } from "./server-process.ts";
import { evershop } from "../apps/evershop/app.ts";
import { copyFolder, shop } from "../apps/evershop/state.ts";

/** Where `webrl apps install evershop` installed it: it takes too long for a test. */
const directory = process.env["WEBRL_TEST_EVERSHOP"] ?? "";

describe.skipIf(!directory)("installed (in WEBRL_TEST_EVERSHOP)", () => {
  test("a copy begins with the content, gets back what a task changed and leaves nothing", async () => {
    const site = evershop.site(directory);
    const port = await freePort();
    const finished = { port } as SiteFinished;
    const [copy] = await startCopies(site, directory, { copies: 1, port });
    const sql = (query: string) =>
      execFileSync("psql", ["-X", "-At", "-h", copyFolder(port), "-U", "shop", "-c", query, "shop"], {
        encoding: "utf8",
      });
    try {
      expect(await shop.expectNoChange()(finished)).toEqual([]);
      expect(await (await fetch(new URL("/lanterns", copy!.baseUrl))).text()).toContain("Brindle Lantern");
      sql("UPDATE product SET price = 1 WHERE sku = 'LAN-101'; DELETE FROM customer");
      expect((await shop.expectNoChange()(finished))[0]).toBe("products.LAN-101.price: expected 34.5, got 1");
      await resetCopies(site, directory);
      expect(await shop.expectNoChange()(finished)).toEqual([]);
      // The application records changes as events for itself; the reset causes none.
      expect(sql("SELECT count(*) FROM event").trim()).toBe("0");
    } finally {
      await stopCopies(site, directory);
    }
    expect(existsSync(copyFolder(port))).toBe(false);
  }, 600_000);
});
