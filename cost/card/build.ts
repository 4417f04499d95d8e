import { exact } from "../money.ts";
import { againstBase } from "../plan/base.ts";
import type { Change } from "../plan/changes.ts";
import { plannedResources, type Plan } from "../plan/read.ts";
import { checkPolicies } from "../policies/index.ts";
import { weakest } from "../prices/table.ts";
import { shellWord } from "../render/safe.ts";
import { dataOf } from "../rules/data-holders.ts";
import { dataRiskOf } from "../rules/data-risk.ts";
import { downtimeOf, isKnown, replaceGuesses } from "../rules/downtime.ts";
import { pricedTypes } from "../estimators/index.ts";
import { InvalidInputError } from "../../infra/core/errors.ts";
import { ageFindings, isCounted, priceAge } from "./age.ts";
import { proofProblem, type Evidence } from "./evidence.ts";
import { generatorsOf } from "./generators.ts";
import type { CardOptions } from "./options.ts";
import { amountOf, priceAll, type Priced } from "./priced.ts";
import type { Card, CardResource } from "./schema.ts";
import { totalsOf, isUnpriced } from "./totals.ts";
import { verdictOf } from "./verdict.ts";

/**
 * What a plan costs, interrupts and endangers. Pure: no clock, network or file. Throws InvalidInputError for options that do not
 * fit the plan: a rate that is missing, a usage figure or a URN that nothing in the plan has.
 */
export function buildCard(given: Plan, options: CardOptions): Card {
  const plan = options.base === undefined ? given : againstBase(given, options.base);
  const { usage = null, evidence, today, engineExit = null } = options;
  const priced = priceAll(plan, today.slice(0, 10), usage).toSorted(byUrn);
  if (plan.failure === null) refuseUnknownNames(urnsOf(plan), options);
  const complete = plan.failure === null;
  const proof = proofsOf(plan, evidence);
  const resources = priced.map((each) => resourceOf(each, usage !== null, proof(each.change) === null));
  const age = priceAge(resources, today);
  const facts = {
    complete,
    failure: plan.failure,
    totals: totalsOf(priced, usage !== null, complete),
    resources,
    unpriced: priced.flatMap(unpricedOf),
    generators: [...generatorsOf(plannedResources(plan), plan.config, usage?.generators ?? [])].sort(byText),
    findings: [
      ...priced.flatMap(assumptionsOf),
      ...findingsOf(plan, resources, evidence === undefined ? () => null : proof),
      ...ageFindings(plan.stack, age),
    ],
  };
  return {
    schema: "fidus.card/1",
    stack: plan.stack,
    engineExit,
    baseline: baselineOf(plan, options),
    base: options.base === undefined ? null : (options.baseName ?? "the plan of --base"),
    priceDate: age.date,
    confidence: weakest(resources.flatMap(({ lines }) => lines.filter(isCounted).flatMap(({ confidence }) => confidence ?? []))),
    ...facts,
    verdict: verdictOf(facts, options, age),
  };
}

/** Why no backup proves that a resource's data can be had again; null where one does. */
type Proof = (resource: Pick<Change, "urn" | "type">) => string | null;

function proofsOf(plan: Plan, evidence: readonly Evidence[] = []): Proof {
  const occasion = { stack: plan.stack, edition: editionOf(plan) };
  return (resource) => proofProblem(evidence, resource, occasion);
}

function resourceOf(priced: Priced, withUsage: boolean, backedUp: boolean): CardResource {
  const { change } = priced;
  const [before, after] = [amountOf(priced.before, withUsage), amountOf(priced.after, withUsage)];
  const { risk, what } = dataRiskOf(change, backedUp);
  return {
    urn: change.urn,
    type: change.type,
    op: change.op,
    currency: currencyOf(priced),
    before: before === null ? null : exact(before),
    after: after === null ? null : exact(after),
    diff: before === null || after === null ? null : exact(after.minus(before)),
    lines: [...priced.after.lines],
    beforeLines: [...priced.before.lines],
    orphan: change.orphan !== null,
    deleteFirst: change.deleteFirst,
    changed: [...change.paths],
    downtime: downtimeOf(change),
    dataRisk: risk,
    data: what,
  };
}

function currencyOf({ before, after }: Priced): CardResource["currency"] {
  return after.currency ?? before.currency;
}

function unpricedOf(priced: Priced): Card["unpriced"] {
  if (!isUnpriced(priced)) return [];
  const { change, before, after } = priced;
  const reasons = new Set([...after.reasons, ...before.reasons.filter((reason) => !after.reasons.includes(reason))]);
  return [{ urn: change.urn, type: change.type, reason: [...reasons].join("; ") }];
}

function assumptionsOf({ change, assumed }: Priced): Card["findings"] {
  const fix = "It stands in the usage file.";
  return assumed.map((text) => ({ rule: "assumed", urn: change.urn, level: "warning", message: `priced with ${text}`, fix }));
}

function findingsOf(plan: Plan, resources: readonly CardResource[], proof: Proof): Card["findings"] {
  const risks = resources
    .filter(({ dataRisk }) => dataRisk !== "none")
    .map(({ urn, type, data, dataRisk, op }) => ({
      rule: "data-loss",
      urn,
      level: dataRisk === "at-risk" ? ("violation" as const) : ("warning" as const),
      message: [
        `${op} would lose: ${data ?? "data"}`,
        ...(dataRisk === "protected" ? ["it is protected or backed up"] : []),
        ...[proof({ urn, type })].filter((problem) => problem !== null),
      ].join("; "),
      fix: `--allow-data-loss ${shellWord(urn)}, once it may be lost`,
    }));
  const foreign = resources
    .filter(({ type, op, orphan }) => ["delete", "leftover", "replace"].includes(op) && !orphan && !isLookedAt(type))
    .map(({ urn, type, op }) => ({
      rule: "data-unknown",
      urn,
      level: "unknown" as const,
      message: `${op}: whether ${type} holds data is not known here`,
      fix: "Look before it is carried out.",
    }));
  const guesses = plan.changes.flatMap((change) =>
    replaceGuesses(change).map((path) => ({
      rule: "replace-unknown",
      urn: change.urn,
      level: "warning" as const,
      message: `whether a change of ${path} replaces ${change.type} is not known for sure: taken as yes`,
      fix: "pulumi preview asks the provider itself.",
    })),
  );
  const policies = checkPolicies(plan).toSorted((a, b) => compare(`${a.rule} ${a.urn}`, `${b.rule} ${b.urn}`));
  return [
    ...risks,
    ...foreign,
    ...guesses.toSorted((a, b) => compare(`${a.urn} ${a.message}`, `${b.urn} ${b.message}`)),
    ...policies,
  ];
}

function isLookedAt(type: string): boolean {
  return isKnown(type) || pricedTypes.includes(type) || dataOf(type, "") !== null;
}

function baselineOf({ changes }: Plan, { base }: CardOptions): Card["baseline"] {
  if (base !== undefined) return "base";
  return changes.some(({ before }) => before !== null) ? "deployed" : "empty";
}

/** Edition of a stack of Fidus, by its config; null for any other program. */
function editionOf({ config }: Plan): string | null {
  const [, edition] = Object.entries(config).find(([key]) => key.endsWith(":edition")) ?? [];
  return typeof edition === "string" ? edition : null;
}

export function urnsOf({ changes }: Plan): ReadonlySet<string> {
  return new Set(changes.map(({ urn }) => urn));
}

/** Names that fit nothing would be silent otherwise: a figure not used, an override of another resource. */
export function refuseUnknownNames(
  urns: ReadonlySet<string>,
  { usage, allowDataLoss = new Set() }: Pick<CardOptions, "usage" | "allowDataLoss">,
): void {
  const figures = (usage?.unused() ?? []).map((got) => ({
    ...{ path: "--usage", got },
    ...{ rule: "a figure that a resource of the plan asks for", fix: "The card's JSON names them: usageKey." },
  }));
  const unknown = [...allowDataLoss].filter((urn) => !urns.has(urn));
  const overrides = unknown.map((got) => ({
    ...{ path: "--allow-data-loss", got, rule: "the URN of a resource of the plan", fix: "The card names the one at risk." },
  }));
  const problems = [...figures, ...overrides];
  if (problems.length > 0) throw new InvalidInputError("the card cannot be made", problems);
}

function byUrn(a: { readonly change: Change }, b: { readonly change: Change }): number {
  return compare(`${a.change.urn} ${a.change.op}`, `${b.change.urn} ${b.change.op}`);
}

function byText(a: object, b: object): number {
  return compare(JSON.stringify(a), JSON.stringify(b));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
