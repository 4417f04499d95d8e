import { isPrivate } from "../../core/cidr.ts";
import { problemUnless } from "../../core/errors.ts";
import type { ConfigOf } from "../types.ts";
import { zoneProblems } from "./hosts.ts";
import { nearest } from "../values.ts";
import { needed, rule, type Rule } from "./rule.ts";

type Global = ConfigOf<"enterprise-global">;
type Region = ConfigOf<"enterprise-region">;

export const globalRules: readonly Rule<Global>[] = [
  rule(["primaryRegion", "secondaryRegion", "witnessRegion"], ({ primaryRegion, secondaryRegion, witnessRegion }) => [
    ...problemUnless(primaryRegion !== secondaryRegion, {
      path: "secondaryRegion",
      got: secondaryRegion,
      rule: "another region than primaryRegion",
      fix: `pulumi config set secondaryRegion ${primaryRegion === "eu-west-1" ? "eu-central-1" : "eu-west-1"}`,
    }),
    ...problemUnless(witnessRegion !== primaryRegion && witnessRegion !== secondaryRegion, {
      path: "witnessRegion",
      got: witnessRegion,
      rule: "a third region: with one of the two it would be lost",
      fix: `pulumi config set witnessRegion ${[primaryRegion, secondaryRegion].includes("eu-north-1") ? "eu-west-3" : "eu-north-1"}`,
    }),
  ]),
  rule(
    ["primaryRegion", "secondaryRegion", "drActiveRegion", "drMode"],
    ({ primaryRegion, secondaryRegion, drActiveRegion, drMode }) => [
      ...problemUnless(drActiveRegion === null || drActiveRegion === primaryRegion || drActiveRegion === secondaryRegion, {
        path: "drActiveRegion",
        got: drActiveRegion,
        rule: `${primaryRegion} or ${secondaryRegion}`,
        fix: `pulumi config set drActiveRegion ${secondaryRegion}`,
      }),
      ...problemUnless(drActiveRegion === null || drMode !== null, {
        path: "drMode",
        got: undefined,
        rule: "switchover or disaster beside drActiveRegion: a failover takes two keys",
        fix: "pulumi config set drMode switchover",
      }),
      ...problemUnless(drMode === null || drActiveRegion !== null, {
        path: "drActiveRegion",
        got: undefined,
        rule: "the region that shall write, beside drMode: a failover takes two keys",
        fix: `pulumi config set drActiveRegion ${secondaryRegion}`,
      }),
    ],
  ),
  rule(["hostedZoneId", "dnsZone"], ({ hostedZoneId, dnsZone }) =>
    problemUnless((hostedZoneId === null) !== (dnsZone === null), {
      path: "dnsZone",
      got: dnsZone ?? undefined,
      rule: "exactly one of dnsZone, a zone to create, and hostedZoneId, one that exists",
      fix: dnsZone === null ? "pulumi config set dnsZone example.com" : "pulumi config rm dnsZone",
    }),
  ),
  rule(["domain", "dnsZone"], ({ domain, dnsZone }) => zoneProblems(domain, dnsZone)),
];

export const regionRules: readonly Rule<Region>[] = [
  rule(["region", "peerRegion"], ({ region, peerRegion }) =>
    problemUnless(region !== peerRegion, {
      path: "peerRegion",
      got: peerRegion,
      rule: "the other region, not this one",
      fix: `pulumi config set peerRegion ${region === "eu-west-1" ? "eu-central-1" : "eu-west-1"}`,
    }),
  ),
  rule(["clusterEndpoint", "adminRanges"], ({ clusterEndpoint, adminRanges }) =>
    clusterEndpoint === "private"
      ? []
      : needed(
          "adminRanges",
          adminRanges,
          "the networks that may reach the cluster's API with clusterEndpoint admin-ranges",
          "pulumi config set adminRanges 203.0.113.0/24",
        ),
  ),
  rule(["clusterEndpoint", "adminRanges"], ({ clusterEndpoint, adminRanges }) => {
    const inside =
      clusterEndpoint === "private" ? [] : (adminRanges ?? []).filter((range) => isPrivate(range) || range.includes(":"));
    return problemUnless(inside.length === 0, {
      path: "adminRanges",
      got: inside.join(","),
      rule: "public IPv4 networks: EKS takes no others for its public address",
      fix: "pulumi config set adminRanges 203.0.113.0/24",
    });
  }),
  rule(["environment", "nightSleep"], ({ environment, nightSleep }) =>
    problemUnless(nightSleep === null || environment === "development", {
      path: "nightSleep",
      got: nightSleep,
      rule: `environment development: ${environment} is awake at night`,
      fix: "pulumi config rm nightSleep",
    }),
  ),
  rule(["timeZone"], ({ timeZone }) =>
    problemUnless(isTimeZone(timeZone), {
      path: "timeZone",
      got: timeZone,
      rule: "a time zone of the IANA database",
      fix: `pulumi config set timeZone ${nearest(timeZone, Intl.supportedValuesOf("timeZone")) ?? "Europe/Berlin"}`,
    }),
  ),
  rule(["systemNodes", "systemNodesMax"], ({ systemNodes, systemNodesMax }) =>
    problemUnless(systemNodes <= systemNodesMax, {
      path: "systemNodesMax",
      got: systemNodesMax,
      rule: `no fewer than systemNodes (${systemNodes})`,
      fix: `pulumi config set systemNodesMax ${systemNodes}`,
    }),
  ),
  rule(["gpuNodes", "gpuNodesMax"], ({ gpuNodes, gpuNodesMax }) =>
    problemUnless(gpuNodes <= gpuNodesMax, {
      path: "gpuNodesMax",
      got: gpuNodesMax,
      rule: `no fewer than gpuNodes (${gpuNodes})`,
      fix: `pulumi config set gpuNodesMax ${gpuNodes}`,
    }),
  ),
  rule(["gpuCapacityReservation", "gpuInstanceTypes"], ({ gpuCapacityReservation, gpuInstanceTypes }) =>
    problemUnless(gpuCapacityReservation === null || gpuInstanceTypes.length === 1, {
      path: "gpuInstanceTypes",
      got: gpuInstanceTypes.join(","),
      rule: "the one type that gpuCapacityReservation is for",
      fix: `pulumi config set gpuInstanceTypes ${gpuInstanceTypes[0] ?? "g6e.xlarge"}`,
    }),
  ),
  rule(["environment", "llmRuntime", "gpuNodes"], ({ environment, llmRuntime, gpuNodes }) =>
    problemUnless(environment !== "production" || llmRuntime !== "vllm" || gpuNodes > 0, {
      path: "gpuNodes",
      got: gpuNodes,
      rule: "1 or more in production: a cold start of the model takes minutes that a failover does not have",
      fix: "pulumi config set gpuNodes 1",
    }),
  ),
  rule(["environment", "natGateways"], ({ environment, natGateways }) =>
    problemUnless(environment !== "production" || natGateways === "per-zone", {
      path: "natGateways",
      got: natGateways,
      rule: "per-zone in production: one zone's failure would cut off the others",
      fix: "pulumi config set natGateways per-zone",
    }),
  ),
  rule(["llmRuntime", "llmApiKey"], ({ llmRuntime, llmApiKey }) =>
    llmRuntime === "openai"
      ? needed("llmApiKey", llmApiKey, "a key for llmRuntime openai", "pulumi config set --secret llmApiKey")
      : [],
  ),
  rule(["llmRuntime", "llmBaseUrl"], ({ llmRuntime, llmBaseUrl }) =>
    llmRuntime === "litellm"
      ? needed("llmBaseUrl", llmBaseUrl, "the address of your LiteLLM", "pulumi config set llmBaseUrl https://llm.internal/v1")
      : [],
  ),
];

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}
