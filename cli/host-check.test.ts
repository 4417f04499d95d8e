import { expect, test } from "vitest";
import { portWishes } from "./host-check.ts";
import type { StackConfigFile } from "./stack-config.ts";

const config = (entries: Record<string, string>): StackConfigFile => ({
  file: "Pulumi.community.yaml",
  entries: () => entries,
  set: () => undefined,
  secrets: () => new Set<string>(),
  salt: () => "",
  setSalt: () => undefined,
  save: () => Promise.resolve(),
});

test("without a config or a domain the ports of page and API are looked at", () => {
  expect(portWishes(null)).toEqual([
    { key: "pagePort", address: "127.0.0.1", port: 3000 },
    { key: "apiPort", address: "127.0.0.1", port: 8000 },
  ]);
  expect(portWishes(config({ pagePort: "3100", bindAddress: "10.0.0.5" }))[0]).toEqual({
    key: "pagePort",
    address: "10.0.0.5",
    port: 3100,
  });
});

test("with a domain those of HTTP and HTTPS are, and no other", () => {
  const recorded = { domain: "fidus.example", bindAddress: "0.0.0.0", pagePort: "3000", httpsPort: "8443" };
  expect(portWishes(config(recorded))).toEqual([
    { key: "httpPort", address: "0.0.0.0", port: 80 },
    { key: "httpsPort", address: "0.0.0.0", port: 8443 },
  ]);
});
