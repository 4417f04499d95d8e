import { afterAll, expect, test } from "vitest";
import { CardHome } from "./card-home.ts";
import { change, fail, recordedStarter, remove, step, unknownValue, type Mutation, type Recorded } from "./recorded-preview.ts";

const home = new CardHome();
afterAll(() => home[Symbol.dispose]());

const disk = recordedStarter().steps.find(({ urn }) => urn.includes(":Volume::"))!.urn;
/** By the real clock: it alone says how old a backup is. */
const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();
const evidence = (more: object = {}): string =>
  home.file("evidence.json", { id: "b1", time: hoursAgo(10), verified: true, resources: [disk], ...more });
const usage = (text: string): string => home.file("usage.yaml", text);
const rescale = change("Server", "update", { serverType: "ccx33" });

/** The server was ordered before Hetzner's rise of June 2026. */
const ordered =
  (created: string, then: Mutation = (plan) => plan): Mutation =>
  (plan) => {
    const one = plan.steps.find(({ urn }) => urn.includes(":Server::"))!;
    one.oldState = { ...one.oldState!, created };
    one.newState = { ...one.newState!, created };
    return then(plan);
  };
const may = "2026-05-03T10:00:00Z";

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
  // 35.478 − 29.49 + 22.49
  "a server of May, kept: its own price before and after": [ordered(may), [], 0, '"before":"28.478","after":"28.478","diff":"0"'],
  "a server of the last day before the rise": [ordered("2026-06-14T23:59:59Z"), [], 0, '"after":"28.478"'],
  "a server of the day of the rise": [ordered("2026-06-15T00:00:00Z"), [], 0, '"after":"35.478"'],
  "a server of May, replaced as it is: today's price, and the jump is a line of its own": [
    ...([ordered(may, change("Server", "replace")), [], 0, "ordered anew at today's price, 22.49 → 29.49"] as const),
  ],
  "a server of May, rescaled: before at its own price, after at today's": [
    ...([ordered(may, rescale), ["--max-increase", "115.99EUR"], 3, "+116.00 EUR a month, +115.99 EUR are allowed"] as const),
  ],
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
        urn: "urn:pulumi:shop::fidus::acme:x:Y::y",
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
  "a deleted disk with a backup that keeps an RPO of its own, laxer than the edition's": [
    ...([
      remove("Volume"),
      () => ["--evidence", evidence({ time: hoursAgo(20), rpo: "9999 h" })],
      3,
      "h old, 12 h are allowed",
    ] as const),
  ],
  "a deleted disk with an old backup, on the day of the backup as --today says": [
    ...([
      remove("Volume"),
      () => ["--today", hoursAgo(48), "--evidence", evidence({ time: hoursAgo(49) })],
      3,
      "h old, 12 h are allowed",
    ] as const),
  ],
  "a deleted disk with tomorrow's backup, and tomorrow as --today": [
    ...([
      remove("Volume"),
      () => ["--today", hoursAgo(-24), "--evidence", evidence({ time: hoursAgo(-23) })],
      3,
      "is from the future",
    ] as const),
  ],
  "a deleted disk with an old backup": [
    ...([
      remove("Volume"),
      () => ["--evidence", evidence({ time: hoursAgo(479.95) })],
      3,
      "480 h old, 12 h are allowed",
    ] as const),
  ],
  "a deleted disk with a fresh backup of something else": [
    ...([
      remove("Volume"),
      () => ["--evidence", evidence({ resources: [disk.replace("uploads", "database")] })],
      3,
      "no backup of it is shown",
    ] as const),
  ],
  "a deleted disk with a fresh backup that does not say of what": [
    remove("Volume"),
    () => ["--evidence", evidence({ resources: undefined })],
    2,
    "evidence.json.resources",
  ],
  "a deleted disk with a backup nobody verified": [
    ...([remove("Volume"), () => ["--evidence", evidence({ verified: false })], 3, "never verified"] as const),
  ],
  "a deleted disk with another stack's backup": [
    ...([remove("Volume"), () => ["--evidence", evidence({ stack: "pro" })], 3, "is of stack pro"] as const),
  ],
  "evidence that is none": [(plan) => plan, () => ["--evidence", usage("{}")], 2, "docs/cost-card.md shows a proof"],
  "a deleted disk that stays at the vendor": [remove("Volume", { retainOnDelete: true }), [], 0, "orphan, still billed: disk"],
  // 35.478, and 40 GB × 0.0572 = 2.288 that the plan deletes
  "what an interrupted replacement left is billed once, beside the living one": [
    (plan) => {
      const { urn, oldState } = plan.steps.find((one) => one.urn === disk)!;
      plan.steps.push({ op: "delete-replaced", urn, oldState: { ...oldState!, delete: true, protect: false } });
      return plan;
    },
    ["--allow-data-loss", disk],
    0,
    '"before":"37.766","after":"35.478","diff":"-2.288"',
  ],
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
  // The oldest price of a starter is that of its storage box, read on 5 August 2026.
  "prices of 45 days": [(plan) => plan, ["--today", "2026-09-19"], 0, '"findings":[]'],
  "prices of 46 days": [
    (plan) => plan,
    ["--today", "2026-09-20"],
    0,
    "the prices are 46 days old: storage box bx11 was read on 2026-08-05",
  ],
  "prices of 120 days": [(plan) => plan, ["--today", "2026-12-03"], 0, '"reasons":[]'],
  "prices of 121 days": [(plan) => plan, ["--today", "2026-12-04"], 3, "120 days are allowed; ./fidus prices refresh hetzner"],
  "old prices of what is not used": [
    remove("StorageBox"),
    ["--today", "2026-12-04"],
    3,
    "storage box bx11 was read on 2026-08-05",
  ],
  "a figure for one use, and none for another": [
    (plan) => {
      plan.steps.push({
        op: "create",
        urn: "urn:pulumi:shop::fidus::hcloud:index/snapshot:Snapshot::s",
        newState: { type: "hcloud:index/snapshot:Snapshot", custom: true, inputs: {} },
      });
      return plan;
    },
    () => ["--budget", "500EUR", "--usage", usage("resources: { s: { snapshot-gb: 20 } }")],
    3,
    "extra-traffic-tb: the usage file has no figure",
  ],
  "no figure for any use: the budget is one for what is fixed": [
    (plan) => plan,
    ["--budget", "35.478EUR"],
    0,
    '"usageBased":true',
  ],
  "a figure for every use": [
    (plan) => plan,
    () => ["--budget", "36EUR", "--usage", usage("resources: { host-server-server: { extra-traffic-tb: 1 } }")],
    3,
    "36.48 EUR a month are more than the budget",
  ],
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
