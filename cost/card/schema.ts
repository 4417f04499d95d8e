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
    .describe("date of the oldest price table that was used"),
  confidence: confidence.nullable().describe("the weakest of the prices that were used"),
  totals: z.array(total).min(1),
  resources: z.array(resource),
  unpriced: z.array(z.strictObject({ urn: z.string(), type: z.string(), reason: z.string() })),
  generators: z
    .array(
      z.strictObject({
        kind: z.string(),
        urn: z.string().nullable(),
        reason: z.string(),
        currency: currency.nullable(),
        monthly: money,
      }),
    )
    .describe("cost that arises outside the plan; monthly null: nobody declared it"),
  findings: z.array(
    z.strictObject({
      rule: z.string(),
      urn: z.string(),
      level: z.enum(["violation", "unknown", "warning"]),
      message: z.string(),
      fix: z.string(),
    }),
  ),
  verdict: z.strictObject({
    exitCode: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3)]),
    reasons: z.array(z.string()),
  }),
});

export type Card = z.infer<typeof cardSchema>;
export type CardResource = Card["resources"][number];
export type CardLine = CardResource["lines"][number];
export type Total = Card["totals"][number];
