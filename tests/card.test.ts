import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCli, startCli, type Ended } from "../cli/testing.ts";
import { recordedStarter, type Recorded } from "./recorded-preview.ts";

/** What the card says, from its JSON alone: nothing here knows how it was made. */
let home = "";
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), "fidus-card-"))));
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Line {
  readonly quantity: string;
  readonly price: string;
  readonly monthly: string | null;
}

interface Card {
  readonly schema: string;
  readonly stack: string;
  readonly complete: boolean;
  readonly priceDate: string;
  readonly baseline: string;
  readonly totals: readonly { readonly before: string; readonly after: string; readonly diff: string }[];
  readonly resources: readonly {
    readonly op: string;
    readonly currency: string | null;
    readonly diff: string;
    readonly lines: readonly Line[];
    readonly beforeLines: readonly Line[];
  }[];
  readonly verdict: object;
}

async function preview(plan: unknown, ...args: readonly string[]): Promise<Ended & { readonly card: Card }> {
  const file = join(home, "plan.json");
  writeFileSync(file, typeof plan === "string" ? plan : JSON.stringify(plan));
  const ended = await runCli(home, ["preview", "--plan", file, "--json", "--today", "2026-11-21", ...args]);
  return { ...ended, card: JSON.parse(ended.stdout) as Card };
}

/** Decimal strings added as whole numbers of 10⁻¹². */
function units(decimal: string): bigint {
  const [, sign = "", whole = "", digits = ""] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(decimal) ?? [];
  expect(whole, `${decimal} is no decimal`).not.toBe("");
  return BigInt(`${sign}${whole}${digits.padEnd(12, "0")}`);
}

function sumOf(lines: readonly Line[]): bigint {
  return lines.reduce((all, { monthly }) => all + units(monthly ?? "0"), 0n);
}

test("the lines of the JSON add up to its totals, and the changes to its difference [M-02]", async () => {
  const { card, code } = await preview(recordedStarter());
  expect([code, card.schema, card.complete, card.stack, card.priceDate]).toEqual([
    0,
    "fidus.card/1",
    true,
    "starter",
    "2026-11-21",
  ]);
  const [total] = card.totals;
  const resources = card.resources.filter(({ currency }) => currency === "EUR");
  expect(sumOf(resources.flatMap(({ lines }) => lines))).toBe(units(total!.after));
  expect(sumOf(resources.flatMap(({ beforeLines }) => beforeLines))).toBe(units(total!.before));
  expect(resources.reduce((all, { diff }) => all + units(diff), 0n)).toBe(units(total!.diff));
  for (const { quantity, price, monthly } of resources.flatMap(({ lines }) => lines)) {
    if (monthly !== null) expect(units(monthly) * 10n ** 12n).toBe(units(quantity) * units(price));
  }
  // cx53 29.49 + IPv4 0.50 + 40 GB × 0.0572 + bx11 3.20
  expect(total).toMatchObject({ currency: "EUR", before: "35.478", after: "35.478", diff: "0", unpricedCount: 0 });
});

type Mutation = (plan: Recorded) => unknown;
/** The step of a type, which is about to become another one than "same". */
function step(plan: Recorded, type: string): Recorded["steps"][number] {
  plan.changeSummary["same"]! -= 1;
  return plan.steps.find(({ urn }) => urn.includes(`:${type}::`))!;
}
const change =
  (type: string, op: string, inputs: object = {}): Mutation =>
  (plan) => {
    const one = step(plan, type);
    one.op = op;
    one.newState = { ...one.newState!, inputs: { ...one.newState!.inputs, ...inputs } };
    return plan;
  };
const remove =
  (type: string, state: object = {}): Mutation =>
  (plan) => {
    const one = step(plan, type);
    Object.assign(one, { op: "delete", oldState: { ...one.oldState, protect: false, ...state }, newState: undefined });
    return plan;
  };
const fail = (plan: Recorded): unknown => ({
  ...plan,
  diagnostics: [{ severity: "error", message: "cannot delete protected resource" }],
});
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const evidence = (more: object = {}): string => {
  const proof = { id: "b1", time: "2026-11-20T14:00:00Z", verified: true, ...more };
  writeFileSync(join(home, "evidence.json"), JSON.stringify(proof));
  return join(home, "evidence.json");
};
const usageFile = (text: string): string => {
  writeFileSync(join(home, "usage.yaml"), text);
  return join(home, "usage.yaml");
};
const disk = "urn:pulumi:starter::fidus::hcloud:index/volume:Volume::host-uploads-disk";
const rescale = change("Server", "update", { serverType: "ccx33" });

/** What is done to the recorded preview of an unchanged starter, the options, the exit code, and what is said. */
const mutations: Readonly<Record<string, readonly [Mutation, (() => readonly string[]) | readonly string[], number, string]>> = {
  "nothing, within the budget": [(plan) => plan, ["--budget", "49EUR"], 0, '"reasons":[]'],
  "nothing, over the budget": [
    (plan) => plan,
    ["--budget", "35EUR"],
    3,
    "35.48 EUR a month are more than the budget of 35.00 EUR",
  ],
  "nothing, exactly the budget": [(plan) => plan, ["--budget", "35.478EUR"], 0, '"reasons":[]'],
  "nothing, with a budget of another currency": [(plan) => plan, ["--budget", "49USD"], 2, "--rate EUR/USD="],
  "nothing, with a rate": [(plan) => plan, ["--budget", "49USD", "--rate", "EUR/USD=1.15"], 0, '"reasons":[]'],
  "nothing, with a rate that breaks it": [(plan) => plan, ["--budget", "49USD", "--rate", "EUR/USD=1.5"], 3, "53.22 USD a month"],
  "a rescale, allowed": [rescale, ["--max-increase", "200EUR"], 0, '"downtime":"restart"'],
  "a rescale, by more euros than allowed": [
    rescale,
    ["--max-increase", "20EUR"],
    3,
    "+109.00 EUR a month, +20.00 EUR are allowed",
  ],
  "a rescale, by more per cent than allowed": [rescale, ["--max-increase", "10%"], 3, "+3.55 EUR are allowed"],
  "an unknown type, without a limit": [
    change("Server", "update", { serverType: unknownValue }),
    [],
    0,
    "serverType is known only",
  ],
  "an unknown type, with a budget": [
    ...([change("Server", "update", { serverType: unknownValue }), ["--budget", "500EUR"], 3, "--allow-unpriced 1"] as const),
  ],
  "an unknown type that is assumed": [
    change("Server", "update", { serverType: unknownValue }),
    () => ["--budget", "500EUR", "--usage", usageFile("assume: { host-server-server: { serverType: ccx33 } }")],
    0,
    "priced with serverType = ccx33",
  ],
  "an assumption about what is known": [
    (plan) => plan,
    () => ["--usage", usageFile("assume: { host-server-server: { serverType: ccx33 } }")],
    2,
    "assume.host-server-server.serverType",
  ],
  "an unknown type, allowed by number": [
    ...([
      change("Server", "update", { serverType: unknownValue }),
      ["--budget", "500EUR", "--allow-unpriced", "1"],
      0,
      '"diff":null',
    ] as const),
  ],
  "a secret size": [change("Volume", "update", { size: "[secret]" }), ["--budget", "500EUR"], 3, "size is a secret"],
  "a type that nobody knows": [
    (plan) => {
      plan.steps.push({
        op: "create",
        urn: "urn:pulumi:starter::fidus::acme:x:Y::y",
        newState: { type: "acme:x:Y", custom: true, inputs: {} },
      });
      return plan;
    },
    ["--budget", "500EUR"],
    3,
    "acme:x:Y: this type has no price here",
  ],
  "object storage behind the plan": [
    (plan) => ({ ...plan, config: { "fidus:backupEndpoint": "https://hel1.your-objectstorage.com" } }),
    ["--budget", "49EUR"],
    3,
    "hetzner-object-storage",
  ],
  "object storage, declared": [
    (plan) => ({ ...plan, config: { "fidus:backupEndpoint": "https://hel1.your-objectstorage.com" } }),
    () => [
      "--budget",
      "49EUR",
      "--usage",
      usageFile("generators: [{ name: bucket, kind: hetzner-object-storage, monthly: 6.49EUR }]"),
    ],
    0,
    '"monthly":"6.49"',
  ],
  "a declared cost that breaks the budget": [
    (plan) => plan,
    () => ["--budget", "40EUR", "--usage", usageFile("generators: [{ name: bucket, monthly: 6.49EUR }]")],
    3,
    "41.97 EUR a month",
  ],
  "a usage figure that nothing asks for": [
    (plan) => plan,
    () => ["--usage", usageFile("types: { a: { b: 1 } }")],
    2,
    "types.a.b",
  ],
  "a deleted disk": [remove("Volume"), [], 3, `--allow-data-loss '${disk}'`],
  "a deleted disk, allowed": [remove("Volume"), ["--allow-data-loss", disk], 0, '"dataRisk":"at-risk"'],
  "a deleted disk, another one allowed": [remove("Volume"), ["--allow-data-loss", `${disk}2`], 2, "the URN of a resource"],
  "a deleted disk with a fresh backup": [remove("Volume"), () => ["--evidence", evidence()], 0, '"dataRisk":"protected"'],
  "a deleted disk with a backup that keeps an RPO of its own": [
    ...([
      remove("Volume"),
      () => ["--evidence", evidence({ time: "2026-11-20T01:00:00Z", rpo: "24 h" })],
      0,
      "protected",
    ] as const),
  ],
  "a deleted disk with an old backup": [
    ...([
      remove("Volume"),
      () => ["--evidence", evidence({ time: "2026-11-01T00:00:00Z" })],
      3,
      "480 h old, 12 h are allowed",
    ] as const),
  ],
  "a deleted disk with a backup nobody verified": [
    ...([remove("Volume"), () => ["--evidence", evidence({ verified: false })], 3, "never verified"] as const),
  ],
  "a deleted disk with another stack's backup": [
    ...([remove("Volume"), () => ["--evidence", evidence({ stack: "pro" })], 3, "is of stack pro"] as const),
  ],
  "evidence that is none": [(plan) => plan, () => ["--evidence", usageFile("{}")], 2, "See docs/cost-card.md"],
  "a deleted disk that stays at the vendor": [remove("Volume", { retainOnDelete: true }), [], 0, "orphan, still billed: disk"],
  "a replaced disk that is protected": [change("Volume", "replace", { location: "hel1" }), [], 0, '"dataRisk":"protected"'],
  "a replaced disk that is not": [
    (plan) => {
      const one = step(plan, "Volume");
      return Object.assign(one, { op: "replace", oldState: { ...one.oldState, protect: false } }) && plan;
    },
    [],
    3,
    "data at risk: disk of",
  ],
  "a replaced server": [change("Server", "replace"), [], 0, '"downtime":"replace"'],
  "backups switched off in place": [
    (plan) => {
      const one = step(plan, "Server");
      Object.assign(one, { op: "update", detailedDiff: { backups: { kind: "update" } } });
      one.oldState = { ...one.oldState!, inputs: { ...one.oldState!.inputs, backups: true } };
      return plan;
    },
    [],
    3,
    "backups of the server",
  ],
  "a refusal of the engine": [fail, [], 1, "cannot delete protected resource"],
  "a refusal of the engine, over budget": [fail, ["--budget", "1EUR"], 1, '"complete":false'],
  "a refusal that shows a deletion": [(plan) => fail(remove("Server")(plan) as Recorded), [], 1, '"after":null'],
  "unchanged resources left out": [
    (plan) => ({ ...plan, steps: plan.steps.filter(({ op }) => op !== "same"), changeSummary: { same: 9 } }),
    [],
    2,
    "--show-sames",
  ],
  "prices of two months ago": [(plan) => plan, ["--today", "2027-01-20"], 0, "the prices are 60 days old"],
  "prices of half a year ago": [(plan) => plan, ["--today", "2027-05-20"], 3, "the prices are 180 days old, 120 are allowed"],
  "a day that is none": [(plan) => plan, ["--today", "soon"], 2, "--today 2026-11-21"],
  "a budget that is none": [(plan) => plan, ["--budget", "lots"], 2, "--budget 200EUR"],
  "no preview at all": [() => "{}", [], 2, "JSON without the steps"],
};

test.each(Object.entries(mutations))("%s: the exit code and the reason [M-02]", async (_, [mutate, options, exitCode, said]) => {
  const { code, stdout } = await preview(mutate(recordedStarter()), ...(typeof options === "function" ? options() : options));
  expect(stdout).toContain(said);
  expect(code).toBe(exitCode);
});

test("a new starter is priced before it is deployed, once its server type is assumed [M-02]", async () => {
  const plan = recordedStarter();
  for (const one of plan.steps) Object.assign(one, { op: "create", oldState: undefined });
  step(plan, "Server").newState = {
    ...step(plan, "Server").newState!,
    inputs: { location: "nbg1", serverType: unknownValue, publicNets: [] },
  };
  plan.changeSummary = { create: plan.steps.length };
  const file = usageFile("assume: { host-server-server: { serverType: cx53 } }");
  expect((await preview(plan)).card.totals).toMatchObject([{ before: "0", after: "6.488", diff: null, unpricedCount: 1 }]);
  // cx53 29.49 + its IPv4 0.50 + the other IPv4 0.50 + 40 GB × 0.0572 + bx11 3.20
  expect((await preview(plan, "--usage", file)).card.totals).toMatchObject([{ before: "0", after: "35.978", diff: "35.978" }]);
});

test("another plan can be what is compared with: --base", async () => {
  const base = join(home, "base.json");
  writeFileSync(base, JSON.stringify(recordedStarter()));
  const { card, code } = await preview(rescale(recordedStarter()), "--base", base);
  expect([code, card.baseline, card.totals[0]!.diff]).toEqual([0, "base", "109"]);
  const moved = change("Volume", "update", { location: "hel1" })(recordedStarter());
  expect((await preview(moved, "--base", base)).card.resources.map(({ op }) => op).filter((op) => op !== "same")).toEqual([
    "replace",
  ]);
  writeFileSync(base, JSON.stringify(fail(recordedStarter())));
  expect(await preview(recordedStarter(), "--base", base)).toMatchObject({ code: 2 });
});

test("a plan that the engine refuses has no totals, so that it is never the cheaper one", async () => {
  const { card } = await preview(fail(recordedStarter()));
  const nothing = { before: null, after: null, diff: null };
  expect(card.totals).toEqual([{ currency: "EUR", fixed: nothing, usage: nothing, ...nothing, unpricedCount: 0 }]);
  expect(card.verdict).toEqual({ exitCode: 1, reasons: ["the engine refuses: cannot delete protected resource"] });
});

test("a thousand resources take a second at most, process start included; the bound is five for a busy machine", async () => {
  const one = recordedStarter().steps.at(-2)!;
  const steps = Array.from({ length: 1_000 }, (_, index) => ({ ...one, urn: `${one.urn}-${index}` }));
  const file = join(home, "many.json");
  writeFileSync(file, JSON.stringify({ steps }));
  const started = performance.now();
  const { code, stdout } = await startCli(home, ["preview", "--plan", file, "--today", "2026-11-21"]).ended;
  const took = (performance.now() - started) / 1000;
  console.log(`1,000 resources: ${took.toFixed(2)} s`);
  expect([code, stdout.includes("2,288.00 → 2,288.00 EUR a month")]).toEqual([0, true]);
  expect(took).toBeLessThan(5);
});
