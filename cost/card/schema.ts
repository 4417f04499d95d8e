import { z } from "zod";

// Longer ones are nobody's bill, and cost a reader time.
const decimal = z
  .string()
  .max(100)
  .regex(/^-?\d+(\.\d+)?$/);
/** An amount a month, net, at list price, with every digit; null: not known. */
const money = decimal.nullable();
const currency = z.enum(["EUR", "USD"]);
const confidence = z.enum(["H", "M", "L"]);
const change = z.strictObject({ before: money, after: money, diff: money });

const line = z.strictObject({
  item: z.string(),
  quantity: decimal.nullable(),
  unit: z.string(),
  price: money,
  monthly: money,
  usageBased: z.boolean(),
  usageKey: z.string().nullable().describe("name of the figure in the usage file; null for a fixed line"),
  source: z.string().nullable(),
  confidence: confidence.nullable(),
  read: z.string().nullable().describe("when the price was read, ISO date"),
});

const total = z.strictObject({
  currency,
  fixed: change,
  usage: change.describe("null without --usage"),
  before: money.describe("fixed, plus usage with --usage: the sum of what is known"),
  after: money,
  diff: money.describe("null when a price of something that changes is not known"),
  unpricedCount: z.int().describe("resources whose amount is not known; what their known lines cost is in the sums"),
});

const generator = z.strictObject({
  kind: z.string(),
  urn: z.string().nullable(),
  reason: z.string(),
  currency: currency.nullable(),
  monthly: money,
});

const verdict = z.strictObject({
  exitCode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
  reasons: z.array(z.string()),
});

const resource = z.strictObject({
  urn: z.string(),
  type: z.string(),
  op: z.enum(["same", "create", "update", "replace", "delete", "import", "read", "leftover"]),
  currency: currency.nullable().describe("null for what costs nothing anywhere, and for types that are not known"),
  before: money,
  after: money,
  diff: money,
  lines: z.array(line).describe("the bill after the deployment"),
  beforeLines: z.array(line).describe("the bill before it"),
  orphan: z.boolean().describe("left alone at the vendor, and so still billed"),
  deleteFirst: z.boolean(),
  changed: z.array(z.string()).describe("inputs that change"),
  downtime: z.enum(["none", "rolling", "restart", "replace"]),
  dataRisk: z.enum(["none", "protected", "at-risk"]),
  data: z.string().nullable().describe("what would be lost"),
});

/** The JSON of a card. */
export const cardSchema = z.strictObject({
  schema: z.literal("fidus.card/1"),
  stack: z.string(),
  complete: z.boolean().describe("false: the engine refuses the plan, and what is shown is not all"),
  failure: z.string().nullable().describe("why the engine refuses"),
  engineExit: z.int().nullable().describe("exit code of the engine; null for a recorded preview"),
  baseline: z
    .enum(["deployed", "empty", "base"])
    .describe("what `before` is: the deployed stack, nothing yet, or the plan of --base"),
  base: z
    .string()
    .nullable()
    .describe("which plan --base named: a recording, or a revision's program on the deployed or an empty stack"),
  priceDate: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .describe("when the oldest of the prices that were used was read"),
  confidence: confidence.nullable().describe("the weakest of the prices that were used"),
  totals: z.array(total).min(1),
  resources: z.array(resource),
  unpriced: z.array(z.strictObject({ urn: z.string(), type: z.string(), reason: z.string() })),
  generators: z.array(generator).describe("cost that arises outside the plan; monthly null: nobody declared it"),
  findings: z.array(
    z.strictObject({
      rule: z.string(),
      urn: z.string(),
      level: z.enum(["violation", "unknown", "warning"]),
      message: z.string(),
      fix: z.string(),
    }),
  ),
  verdict,
});

/** The JSON of several stacks that are one installation: a card for each, and their sum. */
export const cardSetSchema = z.strictObject({
  schema: z.literal("fidus.cards/1"),
  stack: z.string().describe("the name that stands for all of them"),
  complete: z.boolean().describe("false: the engine refuses a plan, and what is shown is not all"),
  priceDate: z.string().describe("when the oldest of the prices that were used was read"),
  confidence: confidence.nullable().describe("the weakest of the prices that were used"),
  totals: z.array(total).min(1).describe("the sums of the cards' totals"),
  generators: z.array(generator).describe("declared cost outside the plans: once for all of them, and in no card"),
  cards: z.array(cardSchema).min(1).describe("without the limits, which hold for the sum"),
  verdict: verdict.describe("of all of them: the limits hold for the sum, a refused or endangered stack is everybody's"),
});

export type Card = z.infer<typeof cardSchema>;
export type CardSet = z.infer<typeof cardSetSchema>;
export type CardResource = Card["resources"][number];
export type CardLine = CardResource["lines"][number];
export type Total = Card["totals"][number];
