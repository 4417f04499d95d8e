import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import { account, amount, arnOf, email, globalArn, json, ourTags, ownTags, tagsChange, uuid } from "./aws-values.ts";
import type { TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const zone = "aws:route53/zone:Zone";
const healthCheck = "aws:route53/healthCheck:HealthCheck";
const monitor = "aws:costexplorer/anomalyMonitor:AnomalyMonitor";
const dnsName = rule.matching(/^([a-z0-9_-]{1,63}\.)+[a-z]{2,}$/, "a full name");
const title = rule.matching(/^[\w -]{1,100}$/, "at most 100 characters");

function recordProblems(inputs: WireMap): CheckFailure[] {
  const failover = inputs["failoverRoutingPolicies"] !== undefined;
  const needed = failover ? ["setIdentifier", "healthCheckId"] : [];
  return needed.filter((key) => inputs[key] === undefined).map((property) => ({ property, reason: "is what failover needs" }));
}

const byAccount = (type: string) => ({
  id: (number: number) => `arn:aws:ce::${account}:${type}/${uuid(`${type} ${number}`)}`,
  arn: { arn: ({ id }: { id: string }) => id },
});

/** Names and costs: what no region holds. Source: Route 53, Budgets and Cost Explorer guides and the provider's schema. */
export const awsEdgeTypes: Readonly<Record<string, TypeRules>> = {
  [zone]: {
    inputs: {
      name: dnsName,
      comment: rule.matching(/^.{0,256}$/, "at most 256 characters"),
      enableAcceleratedRecovery: rule.anything,
      forceDestroy: rule.oneOf(false),
      tags: ourTags,
    },
    required: ["name", "tags"],
    id: (number) => `Z${uuid(`zone ${number}`).replaceAll("-", "").slice(0, 20).toUpperCase()}`,
    changing: tagsChange,
    outputs: {
      ...ownTags,
      arn: ({ id }) => `arn:aws:route53:::hostedzone/${id}`,
      nameServers: () => [1, 2, 3, 4].map((n) => `ns-${n}.awsdns-0${n}.${["com", "net", "org", "co.uk"][n - 1] ?? ""}`),
      primaryNameServer: () => "ns-1.awsdns-01.com",
      zoneId: ({ id }) => id,
    },
  },
  [healthCheck]: {
    inputs: {
      type: rule.oneOf("HTTPS", "HTTP", "TCP"),
      fqdn: dnsName,
      port: rule.port,
      resourcePath: rule.matching(/^\/.{0,254}$/, "a path"),
      enableSni: rule.anything,
      requestInterval: rule.oneOf(10, 30),
      failureThreshold: rule.wholeNumber(1, 10),
      tags: ourTags,
    },
    required: ["fqdn", "port", "requestInterval", "tags"],
    id: (number) => uuid(`check ${number}`),
    changing: tagsChange,
    outputs: { ...ownTags, arn: ({ id }) => `arn:aws:route53:::healthcheck/${id}` },
  },
  "aws:route53/record:Record": {
    inputs: {
      // A zone of the operator's own is not in the store.
      zoneId: rule.matching(/^Z[A-Z0-9]{10,31}$/, "the id of a zone"),
      name: dnsName,
      type: rule.oneOf("A", "AAAA", "CNAME", "TXT", "CAA"),
      ttl: rule.wholeNumber(0, 2_147_483_647),
      "records[]": rule.anything,
      setIdentifier: rule.matching(/^.{1,128}$/, "at most 128 characters"),
      "failoverRoutingPolicies[].type": rule.oneOf("PRIMARY", "SECONDARY"),
      healthCheckId: rule.idOf(healthCheck, /^[0-9a-f-]{36}$/),
    },
    required: ["records", "ttl"],
    problems: recordProblems,
    unique: [["zoneId", "name", "type", "setIdentifier"]],
    id: (_number, inputs) => ["zoneId", "name", "type", "setIdentifier"].map((key) => String(inputs[key])).join("_"),
    outputs: { allowOverwrite: () => false, fqdn: ({ inputs }) => String(inputs["name"]) },
  },
  "aws:budgets/budget:Budget": {
    inputs: {
      name: title,
      budgetType: rule.oneOf("COST"),
      limitAmount: amount,
      limitUnit: rule.oneOf("USD"),
      timeUnit: rule.oneOf("MONTHLY", "QUARTERLY", "ANNUALLY"),
      "costFilters[].name": rule.oneOf("Region", "TagKeyValue", "Service", "LinkedAccount"),
      "costFilters[].values[]": rule.anything,
      "notifications[].comparisonOperator": rule.oneOf("GREATER_THAN", "LESS_THAN", "EQUAL_TO"),
      "notifications[].notificationType": rule.oneOf("ACTUAL", "FORECASTED"),
      "notifications[].threshold": rule.wholeNumber(1, 1_000_000),
      "notifications[].thresholdType": rule.oneOf("PERCENTAGE", "ABSOLUTE_VALUE"),
      "notifications[].subscriberEmailAddresses[]": email,
      tags: ourTags,
    },
    required: ["name", "limitAmount", "limitUnit", "tags"],
    unique: [["name"]],
    id: (_number, inputs) => `${account}:${String(inputs["name"])}`,
    changing: tagsChange,
    outputs: {
      ...globalArn("budgets", ({ inputs }) => `budget/${String(inputs["name"])}`),
      ...ownTags,
      accountId: () => account,
      timePeriodEnd: () => "2087-06-15_00:00",
      timePeriodStart: () => "2026-01-01_00:00",
    },
  },
  [monitor]: {
    inputs: { name: title, monitorType: rule.oneOf("CUSTOM"), monitorSpecification: json, tags: ourTags },
    required: ["name", "monitorSpecification", "tags"],
    id: byAccount("anomalymonitor").id,
    changing: tagsChange,
    outputs: { ...byAccount("anomalymonitor").arn, ...ownTags },
  },
  "aws:costexplorer/anomalySubscription:AnomalySubscription": {
    inputs: {
      name: title,
      frequency: rule.oneOf("DAILY", "WEEKLY"), // at once only by SNS
      "monitorArnLists[]": arnOf(monitor),
      "subscribers[].type": rule.oneOf("EMAIL"),
      "subscribers[].address": email,
      "thresholdExpression.dimension.key": rule.oneOf("ANOMALY_TOTAL_IMPACT_ABSOLUTE", "ANOMALY_TOTAL_IMPACT_PERCENTAGE"),
      "thresholdExpression.dimension.matchOptions[]": rule.oneOf("GREATER_THAN_OR_EQUAL"),
      "thresholdExpression.dimension.values[]": amount,
      tags: ourTags,
    },
    required: ["name", "thresholdExpression", "tags"],
    unique: [["name"]],
    id: byAccount("anomalysubscription").id,
    changing: tagsChange,
    outputs: { ...byAccount("anomalysubscription").arn, ...ownTags, accountId: () => account },
  },
};
