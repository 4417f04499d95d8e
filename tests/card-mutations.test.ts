import { afterAll, expect, test } from "vitest";
import { CardHome } from "./card-home.ts";
import { change, fail, recordedStarter, remove, step, unknownValue, type Mutation, type Recorded } from "./recorded-preview.ts";

const home = new CardHome();
afterAll(() => home[Symbol.dispose]());

const evidence = (more: object = {}): string =>
  home.file("evidence.json", { id: "b1", time: "2026-11-20T14:00:00Z", verified: true, ...more });
const usage = (text: string): string => home.file("usage.yaml", text);
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
    () => ["--budget", "500EUR", "--usage", usage("assume: { host-server-server: { serverType: ccx33 } }")],
    0,
    "priced with serverType = ccx33",
  ],
  "an assumption about what is known by now, which stays unused": [
    (plan) => plan,
    () => ["--usage", usage("assume: { host-server-server: { serverType: ccx33 } }")],
    0,
    '"item":"server cx53"',
  ],
  "an assumption about what no resource has": [
    (plan) => plan,
    () => ["--usage", usage("assume: { host-server-server: { serverTyp: ccx33 } }")],
    2,
    "assume.host-server-server.serverTyp",
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
      usage("generators: [{ name: bucket, kind: hetzner-object-storage, monthly: 6.49EUR }]"),
    ],
    0,
    '"monthly":"6.49"',
  ],
  "a declared cost that breaks the budget": [
    (plan) => plan,
    () => ["--budget", "40EUR", "--usage", usage("generators: [{ name: bucket, monthly: 6.49EUR }]")],
    3,
    "41.97 EUR a month",
  ],
  "a usage figure that nothing asks for": [(plan) => plan, () => ["--usage", usage("types: { a: { b: 1 } }")], 2, "types.a.b"],
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
  "evidence that is none": [(plan) => plan, () => ["--evidence", usage("{}")], 2, "See docs/cost-card.md"],
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
  const { code, stdout } = await home.preview(
    mutate(recordedStarter()),
    ...(typeof options === "function" ? options() : options),
  );
  expect(stdout).toContain(said);
  expect(code).toBe(exitCode);
});
