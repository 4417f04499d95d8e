import { expect, test } from "vitest";
import { parseConfig } from "../config/parse.ts";
import type { StackConfig } from "../config/read.ts";
import { complete } from "../config/testing.ts";
import { starterPlan, type StarterPlan } from "./starter-plan.ts";

const own = {
  provider: "own-host",
  hostAddress: "192.0.2.10",
  hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
  sshPrivateKey: "-----BEGIN OPENSSH PRIVATE KEY-----",
  backupTarget: "none",
  environment: "staging",
  dnsProvider: "none",
};

const secrets = new Set(["hcloudToken", "cloudflareToken", "sshPrivateKey"]);

function plan(changes: Readonly<Record<string, string>>): StarterPlan {
  const { values, problems } = parseConfig("starter", { ...complete.starter, ...changes }, secrets);
  expect(problems).toEqual([]);
  return starterPlan(values as unknown as StackConfig<"starter">);
}

function typesOf({ host }: StarterPlan): readonly string[] {
  return host.kind === "hetzner" ? host.args.types : [];
}

test("the reference server has 32 GB, by price; small has 16 GB; the operator's list goes before both [S-03]", () => {
  expect(typesOf(plan({}))).toEqual(["cx53", "cpx62", "ccx33"]);
  expect(typesOf(plan({ serverSize: "small" }))).toEqual(["cx43", "cpx42"]);
  expect(typesOf(plan({ serverTypes: "ccx43,cpx52" }))).toEqual(["ccx43", "cpx52"]);
});

test("ARM types are asked for only when the images exist for ARM", () => {
  expect(typesOf(plan({ imageArchitectures: "arm" }))).toEqual(["cax41"]);
  expect(typesOf(plan({ imageArchitectures: "x86,arm" }))).toEqual(["cx53", "cpx62", "ccx33", "cax41"]);
});

test("with a machine of one's own nothing is bought", () => {
  const { hetzner, host, backupBox } = plan(own);
  expect({ hetzner, backupBox }).toEqual({ hetzner: null, backupBox: null });
  expect(host).toMatchObject({ kind: "own", args: { address: "192.0.2.10", port: 22, user: "root" } });
});

test("Hetzner's provider is set up for records there too", () => {
  expect(plan({ ...own, dnsProvider: "hetzner", dnsZone: "fidus.test", hcloudToken: "t".repeat(64) }).hetzner).not.toBeNull();
});

test("a key that the rules should have demanded is named instead of being guessed", () => {
  const { values } = parseConfig("starter", complete.starter, secrets);
  const broken = { ...values, hcloudToken: null } as unknown as StackConfig<"starter">;
  expect(() => starterPlan(broken)).toThrow("hcloudToken: got nothing; needs a value. pulumi config set hcloudToken VALUE");
});
