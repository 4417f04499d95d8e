import type { Card, CardResource } from "../card/schema.ts";
import { amount, sum, type Amount, type Currency } from "../money.ts";

/** Part of a monthly bill, before and after. */
export interface Group {
  readonly name: GroupName;
  readonly currency: Currency;
  readonly before: Amount;
  readonly after: Amount;
  /** Resources of it whose price is not known: what they cost comes on top. */
  readonly unpriced: number;
}

/** By what a resource's type says, and for nodes with GPUs its name; the first that fits. */
const groups = [
  ["Servers and nodes", /:(server|instance|nodeGroup)$/i],
  ["Kubernetes", /^aws:eks|^kubernetes:/],
  ["Storage", /volume|storageBox|bucket|snapshot|^aws:s3|^aws:ebs|^aws:ecr/i],
  ["Network", /ip:|loadBalancer|nat|endpoint|vpc|^aws:(lb|route53|ec2)/i],
  ["Security and logs", /^aws:(kms|secretsmanager|cloudwatch|cloudtrail)/],
  ["Other", /./],
] as const;

export type GroupName = (typeof groups)[number][0] | "GPU nodes";

/** The bill by group and currency, the largest first; groups that cost nothing on either side are left out. */
export function billByGroup({ resources }: Card): readonly Group[] {
  const billed = resources.filter((each): each is CardResource & { currency: Currency } => each.currency !== null);
  const parts = Map.groupBy(billed, (each) => `${each.currency} ${groupOf(each)}`);
  const all = [...parts.values()].map((part): Group => {
    const [first] = part as [(typeof billed)[number], ...typeof billed];
    return {
      name: groupOf(first),
      currency: first.currency,
      before: sum(part.flatMap(({ beforeLines }) => beforeLines.flatMap(({ monthly }) => amount(monthly) ?? []))),
      after: sum(part.flatMap(({ lines }) => lines.flatMap(({ monthly }) => amount(monthly) ?? []))),
      unpriced: part.filter(({ before, after }) => before === null || after === null).length,
    };
  });
  return all
    .filter(({ before, after, unpriced }) => !before.eq(0) || !after.eq(0) || unpriced > 0)
    .sort((a, b) => b.after.cmp(a.after) || `${a.currency}${a.name}`.localeCompare(`${b.currency}${b.name}`, "en"));
}

function groupOf({ type, urn }: CardResource): GroupName {
  const name = urn.split("::").slice(3).join("::");
  const gpus = /:nodeGroup$/i.test(type) && /gpu/i.test(name);
  const [found] = groups.find(([, pattern]) => pattern.test(type)) ?? ["Other" as const];
  return gpus ? "GPU nodes" : found;
}
