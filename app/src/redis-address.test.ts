import { describe, expect, test } from "vitest";
import { isServerAddress, sentinelOptions } from "./redis-address.ts";

describe("an address of Sentinels", () => {
  test("names all of them, the group and the database", () => {
    expect(sentinelOptions("redis-sentinel://a:26379,10.0.0.2:26380,[fd00::3]:26379/2#fidus")).toEqual({
      sentinels: [
        { host: "a", port: 26_379 },
        { host: "10.0.0.2", port: 26_380 },
        { host: "fd00::3", port: 26_379 },
      ],
      name: "fidus",
      db: 2,
    });
  });

  test("has one password for servers and Sentinels, as it is written in URLs, and TLS to both", () => {
    expect(sentinelOptions("rediss-sentinel://app:p%40ss@a:1#fidus")).toEqual({
      sentinels: [{ host: "a", port: 1 }],
      name: "fidus",
      db: 0,
      username: "app",
      password: "p@ss",
      sentinelPassword: "p@ss",
      tls: {},
      enableTLSForSentinelMode: true,
    });
  });

  test.each([
    "redis://a:6379",
    "redis-sentinel://a:26379",
    "redis-sentinel://a#fidus",
    "redis-sentinel://a:0#fidus",
    "redis-sentinel://a:70000#fidus",
    "redis-sentinel://a:1,,b:1#fidus",
    "redis-sentinel://#fidus",
    "redis-sentinel://a:1/x#fidus",
    "redis-sentinel://:pa%ZZ@a:1#fidus",
    "redis-sentinel://us%ZZ:pa@a:1#fidus",
  ])("%s is none", (url) => {
    expect(sentinelOptions(url)).toBeNull();
  });
});

describe("an address of one server", () => {
  test.each(["redis://a:6379", "redis://a", "rediss://:p%40ss@a:1/", "redis://app:pw@[fd00::3]:6379/15"])("is %s", (url) => {
    expect(isServerAddress(url)).toBe(true);
  });

  test.each([
    "redis://:pa%ZZ@a:1",
    "redis://us%ZZ:pa@a:1",
    "redis://a:1/abc",
    "redis://a:1/0/1",
    "redis-sentinel://a:1#fidus",
    "http://a:1",
    "a:1",
  ])("is not %s", (url) => {
    expect(isServerAddress(url)).toBe(false);
  });
});
