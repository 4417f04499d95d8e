import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

/** What the golden cards say, from their JSON alone: nothing here imports from cost/. The engine tier compares them with the engine. */
interface Line {
  readonly monthly: string | null;
  readonly usageBased: boolean;
}
interface Card {
  readonly totals: readonly {
    readonly currency: string;
    readonly fixed: { readonly before: string; readonly after: string };
    readonly unpricedCount: number;
  }[];
  readonly resources: readonly { readonly currency: string | null; readonly lines: Line[]; readonly beforeLines: Line[] }[];
  readonly unpriced: readonly { readonly urn: string; readonly reason: string }[];
  readonly generators: readonly { readonly kind: string; readonly monthly: string | null }[];
}

const names = readdirSync(import.meta.dirname).flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []);
const card = (name: string): Card => JSON.parse(readFileSync(join(import.meta.dirname, `${name}.json`), "utf8")) as Card;

function units(decimal: string): bigint {
  const [, sign = "", whole = "", digits = ""] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(decimal) ?? [];
  expect(whole, `${decimal} is no decimal`).not.toBe("");
  return BigInt(`${sign}${whole}${digits.padEnd(12, "0")}`);
}

test("there is a card of every edition and shape, deployed and where it is new", () => {
  expect(names.sort()).toEqual([
    "community-new",
    "enterprise-eu-central-1",
    "enterprise-eu-west-1",
    "enterprise-global",
    "pro-compact",
    "pro-compact-new",
    "pro-standard",
    "pro-standard-new",
    "starter",
    "starter-new",
  ]);
});

test.each(names)("%s: the fixed lines add up to the totals", (name) => {
  const { totals, resources } = card(name);
  for (const { currency, fixed } of totals) {
    const own = resources.filter((each) => each.currency === currency);
    const sumOf = (key: "lines" | "beforeLines"): bigint =>
      own
        .flatMap((each) => each[key])
        .reduce((all, { monthly, usageBased }) => (usageBased ? all : all + units(monthly ?? "0")), 0n);
    expect([sumOf("beforeLines"), sumOf("lines")]).toEqual([units(fixed.before), units(fixed.after)]);
  }
});

/** Everything that the default editions create and that has no price, with the reason: a closed list. */
const withoutPrice: Readonly<Record<string, readonly string[]>> = {
  "enterprise-eu-west-1": [
    "backups-key-key: AWSKMS customer managed key: no price was read for eu-west-1",
    "data-key-key: AWSKMS customer managed key: no price was read for eu-west-1",
    "gpu-group: AmazonEC2 g6e.xlarge Linux on-demand: no price was read for eu-west-1",
    "secrets-key-key: AWSKMS customer managed key: no price was read for eu-west-1",
  ],
  // Which type there is stock of is asked when it is bought; --usage can assume one.
  "pro-compact-new": ["llm", "monitoring", "node-1", "node-2", "node-3"].map(serverOf),
  "pro-standard-new": ["app-1", "app-2", "app-3", "database-1", "database-2", "llm", "monitoring"].map(serverOf),
};
function serverOf(host: string): string {
  return `cluster-${host}-server-server: serverType is known only after the deployment`;
}

test.each(names)("%s: what has no price is listed with its reason, and it is these and no others [M-02]", (name) => {
  const { unpriced, totals } = card(name);
  const listed = unpriced.map(({ urn, reason }) => `${urn.split("::").at(-1)}: ${reason}`).sort();
  expect(listed).toEqual(withoutPrice[name] ?? []);
  expect(totals.map(({ unpricedCount }) => unpricedCount)).toEqual(totals.map(() => listed.length));
});

test.each(names)("%s: cost that arises outside its plan is listed", (name) => {
  const found = card(name).generators.map(({ kind, monthly }) => `${kind} ${String(monthly)}`);
  const [region, pro] = [name.startsWith("enterprise-eu"), name.startsWith("pro")];
  const nodes = ["autoscaled-nodes null", "autoscaled-nodes null"];
  expect(found).toEqual(region ? nodes : pro ? ["hetzner-object-storage null"] : []);
});
