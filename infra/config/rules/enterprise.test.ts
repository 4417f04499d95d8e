import { expect, test } from "vitest";
import { keys } from "../keys.ts";
import { parseConfig } from "../parse.ts";
import { configWarnings } from "../rules.ts";
import { complete } from "../testing.ts";
import { messages, someSecret, testCases } from "./testing.ts";

testCases({
  "night sleep on AWS outside development [M-05]": {
    edition: "enterprise-region",
    refused: { environment: "staging", nightSleep: "20:00-06:00" },
    says: [
      'nightSleep: got "20:00-06:00"; needs environment development: staging is awake at night. pulumi config rm nightSleep',
    ],
    accepted: { environment: "development", nightSleep: "20:00-06:00" },
  },
  "a night that ends when it begins": {
    edition: "enterprise-region",
    refused: { environment: "development", nightSleep: "22:00-22:00" },
    says: ['nightSleep: got "22:00-22:00"; needs hours of the day as HH:MM-HH:MM, the end another than the start'],
    accepted: { environment: "development", nightSleep: "22:00-06:00" },
  },
  "a time zone that is none": {
    edition: "enterprise-region",
    refused: { timeZone: "Europe/Berlyn" },
    says: ['timeZone: got "Europe/Berlyn"; needs a time zone of the IANA database. pulumi config set timeZone Europe/Berlin'],
    accepted: { timeZone: "America/New_York" },
  },
  "a cloud model without a key": {
    edition: "enterprise-region",
    refused: { llmRuntime: "openai" },
    says: ["llmApiKey: got nothing; needs a key for llmRuntime openai. pulumi config set --secret llmApiKey"],
    accepted: { llmRuntime: "openai", llmApiKey: someSecret },
  },
  "regions that are not three": {
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
  "a reservation for machines of several types": {
    edition: "enterprise-region",
    refused: { gpuCapacityReservation: "cr-0123456789abcdef0" },
    says: [
      'gpuInstanceTypes: got "g6e.xlarge,g6.xlarge,g5.xlarge"; needs the one type that gpuCapacityReservation is for. pulumi config set gpuInstanceTypes g6e.xlarge',
    ],
    accepted: { gpuCapacityReservation: "cr-0123456789abcdef0", gpuInstanceTypes: "g6e.xlarge" },
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
});

test("a combination is not judged while one of its keys is malformed, and the other rules still are", () => {
  const said = messages("enterprise-region", { gpuNodes: "many", natGateways: "one" });
  expect(said.map((message) => message.split(":")[0])).toEqual(["gpuNodes", "natGateways"]);
});

test("us-east-1 may be chosen, with a warning that says why; the defaults stay in Europe without one [X-22]", () => {
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

test("a production whose backups stay in their region is warned of it, until the other region exists", () => {
  const region = (changes: Record<string, string>): object =>
    parseConfig("enterprise-region", { ...complete["enterprise-region"], ...changes }).values;
  const warning = "backups are not copied to eu-west-1: when its stack exists, pulumi config set peerExists true";
  expect(configWarnings(region({}))).toEqual([warning]);
  expect(configWarnings(region({ peerExists: "true" }))).toEqual([]);
  expect(configWarnings(region({ environment: "staging" }))).toEqual([]);
});
