import { Budget } from "@pulumi/aws/budgets/budget.js";
import { AnomalyMonitor } from "@pulumi/aws/costexplorer/anomalyMonitor.js";
import { AnomalySubscription } from "@pulumi/aws/costexplorer/anomalySubscription.js";
import * as pulumi from "@pulumi/pulumi";
import type { AwsRegion } from "../core/aws-regions.ts";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { cents, type Money } from "../core/units.ts";
import { awsTags } from "./tags.ts";

export interface CostAlertsArgs {
  readonly identity: CloudIdentity;
  readonly region: AwsRegion;
  /** What the region may cost a month. */
  readonly monthly: Money;
  /** Unusual cost from which an alert goes out. */
  readonly unusual: Money;
  readonly email: string;
}

/** Mail when the region costs what it should not, or what nobody expected. */
export class CostAlerts extends pulumi.ComponentResource {
  constructor(name: string, args: CostAlertsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:CostAlerts", name, {}, opts);
    const { identity, region, monthly, unusual, email } = args;
    const own = { parent: this };
    const tags = awsTags(identity, "cost");
    const title = cloudName(identity, "cost");
    new Budget(
      `${name}-budget`,
      {
        name: title,
        budgetType: "COST",
        limitAmount: dollars(monthly),
        limitUnit: "USD",
        timeUnit: "MONTHLY",
        // By region, not by tag: traffic has no tag, and tags count only once somebody has switched them on for billing.
        costFilters: [{ name: "Region", values: [region] }],
        notifications: notifications(email),
        tags,
      },
      own,
    );
    const monitored = { Tags: { Key: "fidus.stack", Values: [identity.stack], MatchOptions: ["EQUALS"] } };
    const monitorSpecification = JSON.stringify(monitored);
    const monitor = new AnomalyMonitor(
      `${name}-monitor`,
      { name: title, monitorType: "CUSTOM", monitorSpecification, tags },
      own,
    );
    new AnomalySubscription(
      `${name}-unusual`,
      {
        name: title,
        frequency: "DAILY",
        monitorArnLists: [monitor.arn],
        subscribers: [{ type: "EMAIL", address: email }],
        thresholdExpression: { dimension: atLeast(unusual) },
        tags,
      },
      own,
    );
    this.registerOutputs({});
  }
}

/** At 80 % and 100 % of the budget, and as soon as 100 % is forecast. */
function notifications(email: string) {
  const reached = { comparisonOperator: "GREATER_THAN", thresholdType: "PERCENTAGE", subscriberEmailAddresses: [email] };
  return [
    { ...reached, threshold: 80, notificationType: "ACTUAL" },
    { ...reached, threshold: 100, notificationType: "ACTUAL" },
    { ...reached, threshold: 100, notificationType: "FORECASTED" },
  ];
}

function atLeast(amount: Money) {
  return { key: "ANOMALY_TOTAL_IMPACT_ABSOLUTE", matchOptions: ["GREATER_THAN_OR_EQUAL"], values: [dollars(amount)] };
}

/** AWS bills in dollars: the rules of the configuration take no other currency. */
function dollars(money: Money): string {
  return (cents(money).cents / 100).toString();
}
