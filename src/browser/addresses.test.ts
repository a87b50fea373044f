import { describe, expect, it } from "vitest";
import { hostMatches, isPrivateAddress, publicLookup } from "./addresses.ts";

describe("hostMatches", () => {
  it.each([
    ["example.com", "example.com", 80, true],
    ["example.com", "example.com", 443, true],
    ["example.com", "example.com", 8080, false],
    ["example.com", "www.example.com", 80, false],
    ["example.com", "example.com.evil.test", 80, false],
    ["*.example.com", "www.example.com", 443, true],
    ["*.example.com", "example.com", 443, false],
    ["*.example.com", "evilexample.com", 443, false],
    ["127.0.0.1:4000", "127.0.0.1", 4000, true],
    ["127.0.0.1:4000", "127.0.0.1", 4001, false],
    ["[::1]:4000", "[::1]", 4000, true],
    ["EXAMPLE.com", "example.com", 80, true],
    ["*.0.0.1:80", "127.0.0.1", 80, false],
    ["", "example.com", 80, false],
  ])("%s covers %s:%i: %s", (entry, hostname, port, expected) => {
    expect(hostMatches(entry, hostname, port)).toBe(expected);
  });
});

describe("isPrivateAddress", () => {
  it.each([
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "169.254.169.254",
    "172.31.255.255",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:a9fe:a9fe",
    "::127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:0:7f00:1",
    "nonsense",
    "",
  ])("%s is private", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });
  it.each([
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.0.1.1",
    "223.255.255.255",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
    "2a00::1",
  ])("%s is public", (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});

describe("publicLookup", () => {
  const names: Record<string, string[]> = {
    "rebound.test": ["127.0.0.1"],
    "mixed.test": ["10.0.0.1", "1.1.1.1"],
    localhost: ["127.0.0.1"],
    "app.localhost": ["127.0.0.1"],
  };
  const ask = (name: string, privateHosts: string[], all = false) =>
    new Promise((resolve, reject) => {
      const lookup = publicLookup(privateHosts, (hostname, _options, done) =>
        names[hostname]
          ? done(
              null,
              names[hostname].map((address) => ({ address, family: 4 })),
            )
          : done(Object.assign(new Error(`getaddrinfo ENOTFOUND ${hostname}`), { code: "ENOTFOUND" }), []),
      );
      lookup(name, { all }, (error, address) => {
        if (error) reject(error);
        else resolve(address);
      });
    });
  it("refuses a name that leads to a private address, unless it is named as private", async () => {
    await expect(ask("rebound.test", [])).rejects.toThrow(
      "rebound.test is 127.0.0.1, an address of this machine",
    );
    await expect(ask("rebound.test", ["other.test"])).rejects.toThrow("privateHosts");
    expect(await ask("rebound.test", ["REBOUND.test"])).toBe("127.0.0.1");
    expect(await ask("rebound.test", ["rebound.test:8080"])).toBe("127.0.0.1");
    expect(await ask("rebound.test", ["*.test"])).toBe("127.0.0.1");
  });
  it("leaves out the private addresses of a name that has public ones too", async () => {
    expect(await ask("mixed.test", [])).toBe("1.1.1.1");
    expect(await ask("mixed.test", [], true)).toEqual([{ address: "1.1.1.1", family: 4 }]);
  });
  it("knows that localhost means this machine", async () => {
    expect(await ask("localhost", [])).toBe("127.0.0.1");
    expect(await ask("app.localhost", [])).toBe("127.0.0.1");
  });
  it("reaches names below localhost where the system does not know them", async () => {
    expect(await ask("shop.localhost", [])).toBe("127.0.0.1");
    expect(await ask("shop.localhost", [], true)).toHaveLength(2);
    await expect(ask("shop.test", [])).rejects.toThrow("ENOTFOUND");
  });
});
