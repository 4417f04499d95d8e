import { isIPv4, isIPv6 } from "node:net";
import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import type { TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const primaryIp = "hcloud:index/primaryIp:PrimaryIp";

function recordProblems(inputs: WireMap): CheckFailure[] {
  const values = ((inputs["records"] ?? []) as WireMap[]).map(({ value }) => String(value));
  const wrong = (bad: boolean, form: string): CheckFailure[] => (bad ? [{ property: "records", reason: `needs ${form}` }] : []);
  if (inputs["type"] === "A") return wrong(!values.every(isIPv4), "IPv4 addresses");
  if (inputs["type"] === "AAAA") return wrong(!values.every(isIPv6), "IPv6 addresses");
  return wrong(inputs["type"] === "TXT" && !values.every((value) => /^".*"$/.test(value)), "texts in double quotes");
}

/** DNS at Hetzner. Source: docs.hetzner.cloud and the provider's schema. */
export const hcloudNameTypes: Readonly<Record<string, TypeRules>> = {
  "hcloud:index/zoneRrset:ZoneRrset": {
    inputs: {
      zone: rule.matching(/^([a-z0-9-]+\.)+[a-z]{2,}$/, "the name of a zone"),
      name: rule.matching(/^(@|\*|[a-z0-9_*-]+(\.[a-z0-9_-]+)*)$/, "a name relative to the zone, @ for the zone itself"),
      type: rule.oneOf("A", "AAAA", "CNAME", "TXT", "MX", "CAA", "SRV", "NS"),
      ttl: rule.wholeNumber(60, 2_147_483_647),
      "records[].value": rule.anything,
      "records[].comment": rule.anything,
      labels: rule.labels,
    },
    required: ["name", "labels"],
    problems: recordProblems,
    unique: [["zone", "name", "type"]],
    id: (_number, inputs) => `${String(inputs["name"])}/${String(inputs["type"])}`,
    outputs: { changeProtection: () => false, ttl: () => 3600 },
  },
  "hcloud:index/rdns:Rdns": {
    inputs: { primaryIpId: rule.numericIdOf(primaryIp), ipAddress: rule.ip, dnsPtr: rule.hostName },
    required: ["primaryIpId"],
    unique: [["primaryIpId", "ipAddress"]],
    id: (_number, inputs) => `p-${String(inputs["primaryIpId"])}-${String(inputs["ipAddress"])}`,
    outputs: {},
  },
};
