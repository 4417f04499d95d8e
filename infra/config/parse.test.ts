import { describe, expect, test } from "vitest";
import type { Problem } from "../core/errors.ts";
import { keysOf } from "./keys.ts";
import { parseConfig } from "./parse.ts";
import { sealed } from "./sealed.ts";
import { editions, type Edition } from "./spec.ts";
import { complete, readChanged as read, secretNames } from "./testing.ts";

const paths = ({ problems }: { problems: readonly Problem[] }): string[] => problems.map(({ path }) => path);

test("a complete config is read with types and the table's defaults [C-05]", () => {
  const { values, problems } = read("community", { pagePort: "3100" });
  expect(problems).toEqual([]);
  expect(values.pagePort).toBe(3100);
  expect(values.apiPort).toBe(8000);
  expect(values.images).toEqual({ app: "fidus/app:1" });
  expect(values.domain).toBeNull();
  expect(Object.isFrozen(values)).toBe(true);
});

describe.each(editions)("%s", (edition) => {
  test("a complete config has no problem, and every key of the edition a value", () => {
    const { values, problems } = read(edition);
    expect(problems).toEqual([]);
    expect(Object.keys(values)).toEqual(keysOf(edition).map(([name]) => name));
    expect(Object.values(values)).not.toContain(undefined);
  });

  test("each entry of the complete config is needed: without it there is a problem of its name [G-10]", () => {
    for (const name of Object.keys(complete[edition]).filter((key) => key !== "edition")) {
      const entries = Object.fromEntries(Object.entries(complete[edition]).filter(([key]) => key !== name));
      expect(paths(parseConfig(edition, entries, secretNames)), name).toContain(name);
    }
  });
});

test("lists, sizes, durations and amounts are read with their units [S-03]", () => {
  const starter = read("starter", { serverTypes: "cx53, cpx62,ccx33", uploadsSize: "80 GB", dnsTtl: "5 min" }).values;
  expect(starter.serverTypes).toEqual(["cx53", "cpx62", "ccx33"]);
  expect([starter.uploadsSize, starter.dnsTtl, starter.backupRetention]).toEqual(["80 GB", "5 min", "30 days"]);
  expect(read("pro").values.adminRanges).toEqual(["198.18.7.0/24", "fd12:3456:789a::/48"]);
  const region = read("enterprise-region").values;
  expect(region.gpuInstanceTypes).toEqual(["g6e.xlarge", "g6.xlarge", "g5.xlarge"]);
  expect([region.monthlyBudget, region.anomalyAlert]).toEqual(["5000 USD", "100 USD"]);
});

test("an edition may have another default, other allowed values and keys that must be set", () => {
  expect([read("community").values.apiReplicas, read("starter").values.apiReplicas]).toEqual([1, 2]);
  expect(read("starter", { llmRuntime: "lmstudio" }).problems).toEqual([
    {
      path: "llmRuntime",
      got: "lmstudio",
      rule: "one of embedded, ollama, vllm, openai, litellm",
      fix: "pulumi config set llmRuntime embedded",
    },
  ]);
  const { domain: _, ...withoutDomain } = complete["enterprise-global"];
  expect(parseConfig("enterprise-global", withoutDomain).problems).toEqual([
    {
      path: "domain",
      got: undefined,
      rule: "a host name in lower case, without https:// or a port",
      fix: "pulumi config set domain assistant.example.com",
    },
  ]);
});

test("every problem is reported at once, each with path, value, rule and fix", () => {
  const { problems } = read("community", { pagePort: "80a", apiReplicas: "0", llmRuntime: "gpt" });
  expect(problems).toEqual([
    {
      path: "llmRuntime",
      got: "gpt",
      rule: expect.stringMatching(/^one of embedded, /),
      fix: "pulumi config set llmRuntime embedded",
    },
    { path: "apiReplicas", got: "0", rule: "a whole number from 1 to 8", fix: "pulumi config set apiReplicas 1" },
    { path: "pagePort", got: "80a", rule: "a whole number from 1 to 65535", fix: "pulumi config set pagePort 3000" },
  ]);
});

test("a mistyped value is mended to the allowed one that was meant, and quoted where the shell needs it", () => {
  const { problems } = read("starter", { environment: "Prodution", uploadsSize: "80GB", certificate: "acme_dns" });
  expect(problems.map(({ fix }) => fix)).toEqual([
    "pulumi config set environment production",
    "pulumi config set certificate acme-dns",
    "pulumi config set uploadsSize '40 GB'",
  ]);
});

test.each([
  ["neo4j", "no Neo4j: Debian has no package"],
  ["qdrantPort", "no Qdrant: Debian has no package of it; vectors are kept in PostgreSQL"],
])("a key for %s is refused with the reason why there is none [C-02]", (name, reason) => {
  const refused = { path: name, got: "a key that Fidus does not have", fix: `pulumi config rm ${name}` };
  expect(read("community", { [name]: "1" }).problems).toEqual([{ ...refused, rule: expect.stringContaining(reason) as string }]);
});

test("an unknown key is refused and the key that was meant is named", () => {
  expect(read("community", { pageport: "3000" }).problems).toEqual([
    {
      path: "pageport",
      got: "an unknown key",
      rule: "a key of edition community (did you mean pagePort?)",
      fix: "pulumi config rm pageport",
    },
  ]);
});

test("a key of another edition is refused and the edition is named", () => {
  expect(read("community", { uploadsSize: "40 GB" }).problems[0]?.rule).toBe(
    "a key of edition community (uploadsSize belongs to starter)",
  );
});

test.each(["zzzzzzzzz", "constructor", "__proto__x", "toString"])(
  "an unknown key %s that resembles nothing gets no guess",
  (name) => {
    expect(read("community", { [name]: "1" }).problems[0]?.rule).toBe("a key of edition community");
  },
);

test("a missing choice names the command that makes it", () => {
  const fixes = (edition: Edition): string[] =>
    parseConfig(edition, { edition })
      .problems.filter(({ fix }) => fix.startsWith("./fidus"))
      .map(({ path, fix }) => `${path}: ${fix}`);
  expect(fixes("community")).toEqual([
    "installation: ./fidus up community",
    "llmRuntime: ./fidus up community",
    "model: ./fidus up community",
    "images: ./fidus up community",
  ]);
  expect(fixes("enterprise-region")).toContain("vpcRange: ./fidus init enterprise --name NAME");
});

test("ports are published on IPv4 addresses; IPv6 is refused by name", () => {
  for (const bindAddress of ["127.0.0.1", "0.0.0.0", "192.168.1.5"])
    expect(read("community", { bindAddress })).toMatchObject({ problems: [], values: { bindAddress } });
  expect(read("community", { bindAddress: "::" }).problems).toEqual([
    {
      path: "bindAddress",
      got: "::",
      rule: "an IPv4 address of this machine or 0.0.0.0 (IPv6 is not supported)",
      fix: "pulumi config set bindAddress 127.0.0.1",
    },
  ]);
});

test("a malformed secret is never shown", () => {
  expect(read("community", { llmApiKey: " " }).problems).toEqual([
    { path: "llmApiKey", got: sealed, rule: "a text that is not empty", fix: "pulumi config set --secret llmApiKey" },
  ]);
});

describe.each(editions)("secrets of %s", (edition) => {
  const secret = keysOf(edition).filter(([, spec]) => spec.secret === true);
  const value = (name: string): string => complete[edition][name] ?? formed[name] ?? "h7Kq2v-not-a-sample";
  const formed: Record<string, string> = {
    llmKeys: '{"cloud":"h7Kq2v-not-a-sample"}',
    sentryDsn: "https://h7Kq2v-not-a-sample@sentry.fidus.test/1",
  };

  test.each(["development", "staging", "production"])(
    "are refused in plain text, and the text is not repeated, in environment %s [X-01] [X-04]",
    (environment) => {
      for (const [name] of secret) {
        const entries = { ...complete[edition], environment, [name]: value(name) };
        const problems = parseConfig(edition, entries, new Set()).problems.filter(({ path }) => path === name);
        expect(problems).toEqual([
          {
            path: name,
            got: "a plain text",
            rule: "a secret, encrypted in the stack's file",
            fix: `pulumi config set --secret ${name}`,
          },
        ]);
        expect(JSON.stringify(problems)).not.toContain(value(name));
      }
    },
  );

  test("are accepted encrypted, and also where nobody decrypted them", () => {
    for (const [name] of secret) {
      expect(paths(read(edition, { [name]: value(name) })), name).not.toContain(name);
      expect(paths(read(edition, { [name]: sealed })), name).not.toContain(name);
    }
  });

  test("must not be sample values [X-03] [G-10]", () => {
    const samples = [
      "CHANGE_ME",
      "CHANGE_ME_GENERATE_RANDOM_STRING",
      "CHANGE_ME_GENERATE_RANDOM_KEY",
      "sk-1234",
      "dev_litellm_key_change_me",
      "dev_password",
      "dev_password_change_me",
      "dev123",
      "dev_jwt_secret_change_in_production",
      "dev_encryption_key_32_bytes_long",
      "admin",
      "<your key>",
      " Dev123 ",
    ];
    for (const [name] of secret) {
      for (const sample of samples) {
        const problem = read(edition, { [name]: sample }).problems.find(({ path }) => path === name);
        expect(problem?.got, `${name}=${sample}`).toBe("[a sample secret]");
        expect(problem?.rule).toContain("not one that stands in documents");
      }
    }
  });
});

test("names kept for examples are samples too, and a name that only looks like one is not [X-03]", () => {
  for (const domain of ["example.com", "assistant.example.com", "a.example.org", "CHANGE_ME", "VALUE"])
    expect(paths(read("starter", { domain })), domain).toContain("domain");
  for (const domain of ["myexample.com", "example.com.fidus.test", "fidus.example"])
    expect(paths(read("starter", { domain })), domain).toEqual([]);
  expect(paths(read("enterprise-region", { alertEmail: "you@example.com" }))).toEqual(["alertEmail"]);
  // The command that is named may not be the one that was just refused.
  expect(read("starter", { domain: "assistant.example.com" }).problems.map(({ fix }) => fix)).toEqual([
    "With one of your own: pulumi config set domain VALUE",
  ]);
});

test("networks and accounts of documents are samples too, alone and among others [X-03]", () => {
  for (const adminRanges of ["203.0.113.0/24", "198.18.7.0/24,2001:db8::/48", "192.0.2.0/24", "198.51.100.7/32"])
    expect(paths(read("starter", { adminRanges })), adminRanges).toEqual(["adminRanges"]);
  expect(paths(read("starter", { adminRanges: "198.18.7.0/24,10.9.0.0/24,2001:db9::/48" }))).toEqual([]);
  for (const awsAccountId of ["123456789012", "111122223333"])
    expect(paths(read("enterprise-global", { awsAccountId })), awsAccountId).toEqual(["awsAccountId"]);
  const clusterAdmins = "arn:aws:iam::210987654321:role/a,arn:aws:iam::123456789012:role/platform";
  expect(read("enterprise-region", { clusterAdmins }).problems).toMatchObject([
    { path: "clusterAdmins", fix: "With one of your own: pulumi config set clusterAdmins VALUE" },
  ]);
});

test("a plain key that was encrypted is refused: its value is no secret in plans and state", () => {
  expect(parseConfig("starter", { ...complete.starter, location: sealed }, new Set(["location"])).problems).toContainEqual({
    path: "location",
    got: "a secret",
    rule: "a plain value: plans and state show this key, so encrypting it protects nothing",
    fix: "pulumi config set location nbg1 --plaintext",
  });
});
