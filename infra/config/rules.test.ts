import { describe, expect, test } from "vitest";
import { formatProblem } from "../core/errors.ts";
import { keys } from "./keys.ts";
import { parseConfig } from "./parse.ts";
import { configWarnings } from "./rules.ts";
import type { Edition } from "./spec.ts";
import { complete } from "./testing.ts";

const secrets = new Set(Object.entries(keys).flatMap(([name, spec]) => ("secret" in spec ? [name] : [])));
const someSecret = "h7Kq2v-not-a-sample";

/** The messages for a complete configuration with changes; null takes a key away. */
function messages(edition: Edition, changes: Record<string, string | null>): string[] {
  const all: Record<string, string | null> = { ...complete[edition], ...changes };
  const entries = Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  return parseConfig(edition, entries, secrets).problems.map(formatProblem);
}

interface Case {
  readonly edition: Edition;
  readonly refused: Record<string, string | null>;
  /** Beginnings of the messages, all of them. */
  readonly says: readonly string[];
  /** The smallest change of `refused` that is accepted. */
  readonly accepted: Record<string, string | null>;
}

const ownHost = {
  provider: "own-host",
  hcloudToken: null,
  adminRanges: null,
  hostAddress: "192.0.2.10",
  hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
  sshPrivateKey: someSecret,
  backupTarget: "s3",
  backupEndpoint: "https://s3.fidus.test",
  backupBucket: "fidus-backup",
  backupAccessKeyId: someSecret,
  backupSecretKey: someSecret,
};

const pem = "-----BEGIN CERTIFICATE-----";

const cases: Readonly<Record<string, Case>> = {
  "a domain without a certificate [C-14]": {
    edition: "community",
    refused: { domain: "fidus.test", tlsCertificate: someSecret },
    says: ['domain: got "fidus.test"; needs tlsCertificate and tlsPrivateKey beside it, or certificate acme.'],
    accepted: { domain: "fidus.test", tlsCertificate: someSecret, tlsPrivateKey: someSecret },
  },
  "a certificate without a domain [C-17]": {
    edition: "community",
    refused: { certificate: "acme" },
    says: ['certificate: got "acme"; needs a domain that the certificate is for.'],
    accepted: { certificate: "acme", domain: "fidus.test" },
  },
  "an ACME server that cannot be trusted": {
    edition: "community",
    refused: { certificate: "acme", domain: "fidus.test", acmeDirectory: "http://acme.lan/dir", acmeCa: "/etc/ca.pem" },
    says: ["acmeDirectory: got", "acmeCa: got"],
    accepted: { certificate: "acme", domain: "fidus.test", acmeDirectory: "https://acme.lan/dir", acmeCa: pem },
  },
  "two equal ports": {
    edition: "community",
    refused: { apiPort: "3000" },
    says: ["apiPort: got 3000; needs a port of its own. ./fidus choose --api-port 3001"],
    accepted: { apiPort: "3000", pagePort: "8000" },
  },
  "two equal ports of a domain": {
    edition: "community",
    refused: { domain: "fidus.test", certificate: "acme", httpPort: "443" },
    says: ["httpsPort: got 443; needs a port of its own. pulumi config set httpsPort 444"],
    accepted: { domain: "fidus.test", certificate: "acme", httpPort: "8080", apiPort: "3000" },
  },
  "a cloud model without a key, unless the app is elsewhere": {
    edition: "community",
    refused: { llmRuntime: "openai" },
    says: ["llmApiKey: got nothing; needs a key for llmRuntime openai."],
    accepted: { llmRuntime: "openai", services: "dependencies" },
  },
  "night sleep at Hetzner, because a server that is off is billed [M-05]": {
    edition: "starter",
    refused: { environment: "development", nightSleep: "20:00-06:00" },
    says: [
      'nightSleep: got "20:00-06:00"; needs to be absent: Hetzner bills a server that is switched off like one that runs, so sleep saves nothing; take serverSize small. pulumi config rm nightSleep',
    ],
    accepted: { environment: "development", serverSize: "small" },
  },
  "night sleep of a cluster at Hetzner [M-05]": {
    edition: "pro",
    refused: { environment: "development", nightSleep: "20:00-06:00" },
    says: ['nightSleep: got "20:00-06:00"; needs to be absent: Hetzner bills'],
    accepted: { environment: "development", topology: "compact" },
  },
  "night sleep on AWS outside development [M-05]": {
    edition: "enterprise-region",
    refused: { environment: "staging", nightSleep: "20:00-06:00" },
    says: [
      'nightSleep: got "20:00-06:00"; needs environment development: staging is awake at night. pulumi config rm nightSleep',
    ],
    accepted: { environment: "development", nightSleep: "20:00-06:00" },
  },
  "server types of an architecture without images [S-03]": {
    edition: "starter",
    refused: { serverTypes: "cx53,cax41,ccx33" },
    says: [
      'serverTypes: got "cx53,cax41,ccx33"; needs server types of an architecture that images exist for (x86), which cax41 is not. pulumi config set serverTypes cx53,ccx33',
    ],
    accepted: { serverTypes: "cx53,cax41,ccx33", imageArchitectures: "x86,arm" },
  },
  "a list of only such types [S-03]": {
    edition: "starter",
    refused: { serverTypes: "cax41,cax31" },
    says: [
      'serverTypes: got "cax41,cax31"; needs server types of an architecture that images exist for (x86), which cax41, cax31 is not. pulumi config set imageArchitectures x86,arm',
    ],
    accepted: { serverTypes: "cax41,cax31", imageArchitectures: "arm" },
  },
  "such types for one role of a cluster [P-03]": {
    edition: "pro",
    refused: { databaseServerTypes: "cax31" },
    says: ['databaseServerTypes: got "cax31"; needs server types'],
    accepted: { databaseServerTypes: "ccx33,cx53" },
  },
  "Cloudflare without zone and token": {
    edition: "starter",
    refused: { cloudflareZoneId: null, cloudflareToken: null },
    says: ["cloudflareZoneId: got nothing; needs the zone", "cloudflareToken: got nothing; needs a token"],
    accepted: { cloudflareZoneId: null, cloudflareToken: null, dnsProvider: "none" },
  },
  "Hetzner's DNS without a zone": {
    edition: "pro",
    refused: { dnsProvider: "hetzner" },
    says: ["dnsZone: got nothing; needs the zone for dnsProvider hetzner. pulumi config set dnsZone example.com"],
    accepted: { dnsProvider: "hetzner", dnsZone: "fidus.test" },
  },
  "a domain outside its zone": {
    edition: "starter",
    refused: { dnsProvider: "hetzner", dnsZone: "us.test" },
    says: ['domain: got "assistant.fidus.test"; needs a name in the zone us.test. pulumi config set domain assistant.us.test'],
    accepted: { dnsProvider: "hetzner", dnsZone: "assistant.fidus.test" },
  },
  "Cloudflare's proxy for names that others hold": {
    edition: "starter",
    refused: { dnsProvider: "none", cloudflareProxied: "true", certificate: "cloudflare-origin" },
    says: [
      "cloudflareProxied: got true; needs dnsProvider cloudflare: only its own names go through its proxy.",
      'certificate: got "cloudflare-origin"; needs dnsProvider cloudflare and cloudflareProxied true',
    ],
    accepted: { cloudflareProxied: "true", certificate: "cloudflare-origin" },
  },
  "a proof over HTTP behind Cloudflare's proxy": {
    edition: "starter",
    refused: { certificate: "acme", cloudflareProxied: "true" },
    says: [
      'certificate: got "acme"; needs a name that is not proxied: Cloudflare would answer the proof over HTTP. pulumi config set certificate acme-dns',
    ],
    accepted: { certificate: "acme-dns", cloudflareProxied: "true" },
  },
  "a proof by DNS where nobody can write records": {
    edition: "starter",
    refused: { certificate: "acme-dns", dnsProvider: "none" },
    says: [
      'certificate: got "acme-dns"; needs a dnsProvider in which the proof can be written. pulumi config set certificate acme',
    ],
    accepted: { certificate: "acme-dns", dnsProvider: "hetzner", dnsZone: "fidus.test" },
  },
  "a proof over HTTP with several hosts behind one balancer [P-12]": {
    edition: "pro",
    refused: { certificate: "acme" },
    says: ['certificate: got "acme"; needs another kind with several app hosts: the balancer'],
    accepted: { certificate: "acme-dns" },
  },
  "half a certificate": {
    edition: "pro",
    refused: { certificate: "files", tlsCertificate: someSecret },
    says: ["tlsPrivateKey: got nothing; needs the key for certificate files. pulumi config set --secret tlsPrivateKey < key.pem"],
    accepted: { certificate: "files", tlsCertificate: someSecret, tlsPrivateKey: someSecret },
  },
  "an ACME directory without TLS": {
    edition: "starter",
    refused: { acmeDirectory: "http://acme.fidus.test/directory" },
    says: ["acmeDirectory: got"],
    accepted: { acmeDirectory: "https://acme.fidus.test/directory" },
  },
  "a bought server without token and SSH networks [X-07]": {
    edition: "starter",
    refused: { hcloudToken: null, adminRanges: null },
    says: [
      "hcloudToken: got nothing; needs a token for provider hetzner",
      "adminRanges: got nothing; needs the networks that may reach SSH",
    ],
    accepted: {},
  },
  "a host of one's own without address and keys, and with a Storage Box": {
    edition: "starter",
    refused: { ...ownHost, hostAddress: null, hostKey: null, sshPrivateKey: null, backupTarget: "storage-box" },
    says: [
      "hostAddress: got nothing; needs the address of your machine. pulumi config set hostAddress 192.0.2.10",
      "hostKey: got nothing; needs the machine's public host key, so that nobody else can pose as it.",
      "sshPrivateKey: got nothing; needs the key that signs in to your machine.",
      'backupTarget: got "storage-box"; needs s3 or none with provider own-host, for which nothing is bought.',
    ],
    accepted: ownHost,
  },
  "an address for a server that is bought": {
    edition: "starter",
    refused: { hostAddress: "192.0.2.10" },
    says: ['hostAddress: got "192.0.2.10"; needs to be absent: the server is bought'],
    accepted: { hostAddress: null },
  },
  "production without backup [B-01]": {
    edition: "starter",
    refused: { backupTarget: "none" },
    says: [
      'backupTarget: got "none"; needs a place for backups in environment production. pulumi config set backupTarget storage-box',
    ],
    accepted: { backupTarget: "none", environment: "development" },
  },
  "a bucket without name and keys [B-05]": {
    edition: "starter",
    refused: { backupTarget: "s3" },
    says: [
      "backupEndpoint: got nothing",
      "backupBucket: got nothing",
      "backupAccessKeyId: got nothing",
      "backupSecretKey: got nothing",
    ],
    accepted: {
      backupTarget: "s3",
      backupEndpoint: "https://hel1.your-objectstorage.com",
      backupBucket: "fidus-backup",
      backupAccessKeyId: someSecret,
      backupSecretKey: someSecret,
    },
  },
  "backups in the servers' own location": {
    edition: "pro",
    refused: { location: "hel1" },
    says: [
      'backupEndpoint: got "https://hel1.your-objectstorage.com"; needs another location than the servers\' (hel1), so that one fire does not take both. pulumi config set backupEndpoint https://nbg1.your-objectstorage.com',
    ],
    accepted: { location: "fsn1" },
  },
  "a runtime without its address": {
    edition: "starter",
    refused: { llmRuntime: "vllm" },
    says: ["llmBaseUrl: got nothing; needs the address of the vllm that you run."],
    accepted: { llmRuntime: "vllm", llmBaseUrl: "http://10.20.0.9:8000/v1" },
  },
  "an address for the embedded runtime": {
    edition: "pro",
    refused: { llmBaseUrl: "http://10.20.0.9:8000/v1" },
    says: ["llmBaseUrl: got"],
    accepted: { llmRuntime: "litellm", llmBaseUrl: "http://10.20.0.9:4000/v1" },
  },
  "a cloud model without a key": {
    edition: "enterprise-region",
    refused: { llmRuntime: "openai" },
    says: ["llmApiKey: got nothing; needs a key for llmRuntime openai. pulumi config set --secret llmApiKey"],
    accepted: { llmRuntime: "openai", llmApiKey: someSecret },
  },
  "regions that are not three [E-16]": {
    edition: "enterprise-global",
    refused: { secondaryRegion: "eu-central-1", witnessRegion: "eu-central-1" },
    says: [
      'secondaryRegion: got "eu-central-1"; needs another region than primaryRegion. pulumi config set secondaryRegion eu-west-1',
      'witnessRegion: got "eu-central-1"; needs a third region',
    ],
    accepted: { secondaryRegion: "us-east-1", witnessRegion: "eu-west-3" },
  },
  "a failover with one key": {
    edition: "enterprise-global",
    refused: { drActiveRegion: "eu-west-1" },
    says: ["drMode: got nothing; needs switchover or disaster beside drActiveRegion: a failover takes two keys."],
    accepted: { drActiveRegion: "eu-west-1", drMode: "disaster" },
  },
  "a failover with the other key alone": {
    edition: "enterprise-global",
    refused: { drMode: "switchover" },
    says: ["drActiveRegion: got nothing; needs the region that shall write, beside drMode"],
    accepted: { drMode: "switchover", drActiveRegion: "eu-central-1" },
  },
  "a failover to a region that is not ours": {
    edition: "enterprise-global",
    refused: { drActiveRegion: "us-west-2", drMode: "disaster" },
    says: ['drActiveRegion: got "us-west-2"; needs eu-central-1 or eu-west-1. pulumi config set drActiveRegion eu-west-1'],
    accepted: { drActiveRegion: "eu-west-1", drMode: "disaster" },
  },
  "a zone that exists and is to be created": {
    edition: "enterprise-global",
    refused: { hostedZoneId: "Z0123456789ABC" },
    says: [
      'dnsZone: got "fidus.test"; needs exactly one of dnsZone, a zone to create, and hostedZoneId, one that exists. pulumi config rm dnsZone',
    ],
    accepted: { hostedZoneId: "Z0123456789ABC", dnsZone: null },
  },
  "no zone at all": {
    edition: "enterprise-global",
    refused: { dnsZone: null },
    says: ["dnsZone: got nothing; needs exactly one of dnsZone"],
    accepted: { dnsZone: "assistant.fidus.test" },
  },
  "a region that is its own peer": {
    edition: "enterprise-region",
    refused: { peerRegion: "eu-central-1" },
    says: ['peerRegion: got "eu-central-1"; needs the other region, not this one. pulumi config set peerRegion eu-west-1'],
    accepted: { peerRegion: "eu-west-1" },
  },
  "a cluster API that nobody, or only a private network, could reach": {
    edition: "enterprise-region",
    refused: { adminRanges: "10.0.0.0/8" },
    says: ['adminRanges: got "10.0.0.0/8"; needs public IPv4 networks: EKS takes no others for its public address.'],
    accepted: { adminRanges: "10.0.0.0/8", clusterEndpoint: "private" },
  },
  "more nodes than the most": {
    edition: "enterprise-region",
    refused: { systemNodes: "20", gpuNodes: "9" },
    says: [
      "systemNodesMax: got 12; needs no fewer than systemNodes (20).",
      "gpuNodesMax: got 4; needs no fewer than gpuNodes (9).",
    ],
    accepted: { systemNodes: "20", systemNodesMax: "20", gpuNodes: "9", gpuNodesMax: "9" },
  },
  "a production that starts its GPU only when it fails over": {
    edition: "enterprise-region",
    refused: { gpuNodes: "0" },
    says: ["gpuNodes: got 0; needs 1 or more in production: a cold start"],
    accepted: { gpuNodes: "0", environment: "staging" },
  },
  "a production whose zones share one way out": {
    edition: "enterprise-region",
    refused: { natGateways: "one" },
    says: ['natGateways: got "one"; needs per-zone in production'],
    accepted: { natGateways: "one", environment: "development" },
  },
};

describe.each(Object.entries(cases))("%s", (_, { edition, refused, says, accepted }) => {
  test("is refused with its reason", () => {
    const said = messages(edition, refused);
    expect(said).toHaveLength(says.length);
    for (const beginning of says) expect(said.filter((message) => message.startsWith(beginning))).toHaveLength(1);
  });

  test("is accepted once mended", () => expect(messages(edition, accepted)).toEqual([]));
});

test("a combination is not judged while one of its keys is malformed, and the other rules still are", () => {
  const said = messages("enterprise-region", { gpuNodes: "many", natGateways: "one" });
  expect(said.map((message) => message.split(":")[0])).toEqual(["gpuNodes", "natGateways"]);
});

test("us-east-1 may be chosen, with a warning that says why; the defaults stay in Europe without one [E-16] [X-22]", () => {
  const global = (changes: Record<string, string>): object =>
    parseConfig("enterprise-global", { ...complete["enterprise-global"], ...changes }).values;
  expect(configWarnings(global({ secondaryRegion: "us-east-1" }))).toEqual([
    expect.stringMatching(/^us-east-1 holds the control planes/),
  ]);
  expect(configWarnings(global({}))).toEqual([]);
  const { primaryRegion, secondaryRegion, witnessRegion } = keys;
  for (const { default: region } of [primaryRegion, secondaryRegion, witnessRegion]) expect(region).toMatch(/^eu-/);
  expect(keys.location.default).toBe("nbg1");
});
