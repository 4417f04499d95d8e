import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { StackConfig } from "../config/read.ts";
import { complete, secretNames } from "../config/testing.ts";
import { namePlan, type NamePlan } from "./public-name.ts";

function plan(edition: "starter" | "pro", changes: Readonly<Record<string, string>>): NamePlan {
  const { values, problems } = parseConfig(edition, { ...complete[edition], ...changes }, secretNames);
  expect(problems).toEqual([]);
  return namePlan(values as unknown as StackConfig<"starter">);
}

test.each(["starter", "pro"] as const)(
  "the records of %s are with the one provider that was named, or with nobody",
  (edition) => {
    const name = { domain: "assistant.fidus.test", ttl: "60 s" };
    expect(plan(edition, {})).toMatchObject({ ...name, cloudflare: { proxied: false }, hetznerZone: null });
    const atHetzner = { dnsProvider: "hetzner", dnsZone: "fidus.test" };
    expect(plan(edition, atHetzner)).toEqual({ ...name, cloudflare: null, hetznerZone: "fidus.test" });
    const pair = { certificate: "files", tlsCertificate: "the chain of a test", tlsPrivateKey: "the key of a test" };
    expect(plan(edition, { dnsProvider: "none", ...(edition === "pro" ? pair : {}) })).toEqual({
      ...name,
      cloudflare: null,
      hetznerZone: null,
    });
  },
);
