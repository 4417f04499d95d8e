import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { documentText } from "../cost/prices/refresh.ts";
import type { PriceDocument } from "../cost/prices/table.ts";
import { createProgress } from "./progress.ts";
import { runCli } from "./testing.ts";
import { comparePrices, isOff, refreshPrices } from "./price-tables.ts";

type Context = Parameters<typeof comparePrices>[0];
type Answer = (path: string, response: ServerResponse) => void;

const committed = join(import.meta.dirname, "../cost/prices");
const recordings = join(committed, "vendors/recordings");
const recorded = (file: string): string => readFileSync(join(recordings, file), "utf8");

let server: Server;
let answer: Answer;
let asked: string[] = [];
let folder = "";

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "fidus-prices-"));
  for (const file of ["aws.json", "hetzner.json"]) copyFileSync(join(committed, file), join(folder, file));
  asked = [];
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ""}`.trim());
    answer(request.url ?? "", response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true, force: true });
});

const url = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const context = (env: Readonly<Record<string, string>> = {}): Context =>
  ({
    env: {
      HCLOUD_TOKEN: "token-of-a-test",
      HCLOUD_ENDPOINT: `${url()}/v1`,
      HETZNER_ENDPOINT: `${url()}/v1`,
      FIDUS_AWS_PRICES_URL: url(),
      ...env,
    },
    signal: new AbortController().signal,
    progress: createProgress({ stream: { write: () => undefined }, tty: false }),
  }) as unknown as Context;
const table = (vendor: string): PriceDocument =>
  JSON.parse(readFileSync(join(folder, `${vendor}.json`), "utf8")) as PriceDocument;
const current = (vendor: string, item: string, region: string) =>
  table(vendor).rows.filter((row) => row.item === item && row.regions.includes(region) && row.until === undefined);
/** Hetzner's recorded answer with changes. */
const hetzner =
  (change: (pricing: Pricing) => unknown = () => undefined): Answer =>
  (path, response) => {
    if (path === "/v1/storage_box_types") return void response.end(recorded("hetzner-storage-box-types.json"));
    const json = JSON.parse(recorded("hetzner-pricing.json")) as { pricing: Pricing };
    change(json.pricing);
    response.end(JSON.stringify(json));
  };
interface Located {
  location: string;
  price_monthly: { net: string };
}
interface Pricing {
  currency: string;
  server_backup: { percentage: string };
  volume: { price_per_gb_month: { net: string } };
  server_types: { name: string; prices: Located[] }[];
  load_balancer_types: { name: string; prices: Located[] }[];
}
const aws: Answer = (path, response) => {
  const [, offer, region] = /aws\/(\w+)\/current\/([\w-]+)\/index\.csv$/.exec(path) ?? [];
  const file = `aws-${offer}-${region}.csv`;
  response.end(recorded(readdirSync(recordings).includes(file) ? file : "aws-nothing.csv"));
};

test("the text of a table is the same after it is read and written", () => {
  for (const vendor of ["aws", "hetzner"]) {
    const text = readFileSync(join(committed, `${vendor}.json`), "utf8");
    expect(documentText(JSON.parse(text) as PriceDocument)).toBe(text);
  }
});

describe("hetzner", () => {
  test("what the API says as the table does is no difference, and the token goes in the header alone", async () => {
    answer = hetzner();
    const { differences, compared, notGiven } = await comparePrices(context(), "hetzner", folder);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(60);
    expect(notGiven).toEqual([]);
    expect(asked).toEqual(["/v1/pricing", "/v1/storage_box_types"].map((path) => `${path} Bearer token-of-a-test`));
  });

  test("a server that gets dearer keeps its old price for old orders; a disk has one price for all", async () => {
    answer = hetzner(({ server_types, volume }) => {
      const prices = server_types.find(({ name }) => name === "cx33")!.prices;
      for (const one of prices) one.price_monthly.net = "9.9900000000";
      volume.price_per_gb_month.net = "0.0600000000";
    });
    const { differences } = await refreshPrices(context(), "hetzner", folder);
    expect(differences.map(({ item, region, table, vendor }) => [item, region, table, vendor])).toEqual([
      ...["fsn1", "hel1", "nbg1"].map((region) => ["server cx33", region, "8.49", "9.99"]),
      ...["fsn1", "hel1", "nbg1"].map((region) => ["volume", region, "0.0572", "0.06"]),
    ]);
    const today = new Date().toISOString().slice(0, 10);
    const rows = table("hetzner").rows.filter(({ item }) => item === "server cx33");
    expect(rows.map(({ price, from, until }) => [price, from, until])).toEqual([
      ["6.49", undefined, "2026-06-15"],
      ["8.49", "2026-06-15", today],
      ["9.99", today, undefined],
    ]);
    expect(current("hetzner", "volume", "hel1")).toMatchObject([{ price: "0.06", confidence: "H" }]);
    expect(table("hetzner").sources[current("hetzner", "volume", "hel1")[0]!.source]).toBe(`Hetzner API ${today}`);
  });

  test("what the API does not give stays, with the day on which it was read", async () => {
    const file = join(folder, "hetzner.json");
    const gone = '{"item": "server cx22", "regions": ["fsn1"], "unit": "month", "price": "3.79", "confidence": "M", "source": 0';
    const text = readFileSync(file, "utf8").replace(
      '"rows": [',
      (head) => `${head}\n${gone}, "read": "2026-05-01"},${gone.replace("cx22", "cx32")}},`,
    );
    writeFileSync(file, text);
    const { date } = JSON.parse(text) as PriceDocument;
    answer = hetzner();
    await refreshPrices(context(), "hetzner", folder);
    expect(current("hetzner", "server cx22", "fsn1")).toMatchObject([{ price: "3.79", confidence: "M", read: "2026-05-01" }]);
    expect(current("hetzner", "server cx32", "fsn1")).toMatchObject([{ price: "3.79", read: date }]);
    expect(current("hetzner", "storage box bx11", "hel1")[0]).toMatchObject({ price: "3.20", confidence: "H" });
    expect(current("hetzner", "primary IPv4", "hel1")[0]).not.toHaveProperty("read");
    expect(table("hetzner").date).toBe(new Date().toISOString().slice(0, 10));
  });

  test("what the table never had is added, in Europe alone", async () => {
    answer = hetzner(({ load_balancer_types }) => {
      const price_monthly = { net: "20.0000000000" };
      const prices = ["fsn1", "nbg1", "hel1", "ash"].map((location) => ({ location, price_monthly }));
      load_balancer_types.push({ name: "lb21", prices });
    });
    await refreshPrices(context(), "hetzner", folder);
    expect(table("hetzner").rows.filter(({ item }) => item === "load balancer lb21")).toMatchObject([
      { price: "20.00", regions: ["fsn1", "nbg1", "hel1", "eu-central"], confidence: "H" },
    ]);
  });

  test("a second refresh changes nothing", async () => {
    answer = hetzner();
    await refreshPrices(context(), "hetzner", folder);
    const once = readFileSync(join(folder, "hetzner.json"), "utf8");
    await refreshPrices(context(), "hetzner", folder);
    expect(readFileSync(join(folder, "hetzner.json"), "utf8")).toBe(once);
  });

  test("without a token nothing is asked", async () => {
    await expect(comparePrices(context({ HCLOUD_TOKEN: "" }), "hetzner", folder)).rejects.toMatchObject({ exitCode: 2 });
    expect(asked).toEqual([]);
  });

  test.each<[string, Answer, string]>([
    ["refuses", (_, response) => response.writeHead(401).end("{}"), "status 401"],
    ["breaks off", (_, response) => response.destroy(), "other side closed"],
    ["is no JSON", (_, response) => response.end("<html>"), "is not as documented"],
    ["is another document", (_, response) => response.end('{"pricing":{"currency":"EUR"}}'), "is not as documented"],
    [
      "has no storage boxes",
      (path, response) => (path.endsWith("types") ? void response.end("{}") : hetzner()(path, response)),
      "storage_box_types",
    ],
    ["has no type of server", hetzner((pricing) => (pricing.server_types = [])), "pricing.server_types"],
    ["is in dollars", hetzner((pricing) => (pricing.currency = "USD")), "prices in USD"],
    [
      "has a price of 0",
      hetzner(({ volume }) => (volume.price_per_gb_month.net = "0.0000000000")),
      "a price of 0.0000000000 for volume in fsn1",
    ],
    ["has another share for backups", hetzner((pricing) => (pricing.server_backup.percentage = "25.0")), "backups at 25.0 %"],
  ])("an answer that %s is exit 1, and the table is as it was", async (_, given, said) => {
    answer = given;
    const before = readFileSync(join(folder, "hetzner.json"), "utf8");
    const error = await refreshPrices(context(), "hetzner", folder).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ exitCode: 1 });
    expect(JSON.stringify(error)).toContain(said);
    expect(readFileSync(join(folder, "hetzner.json"), "utf8")).toBe(before);
    expect(readdirSync(folder).sort()).toEqual(["aws.json", "hetzner.json"]);
  });
});

describe("aws", () => {
  test("prices on demand are read in our units, and another offer of the same machine is not taken for it", async () => {
    answer = aws;
    const { differences, compared } = await refreshPrices(context(), "aws", folder);
    expect(differences.map(({ item, region, table, vendor }) => [item, region, table, vendor])).toEqual([
      ["AWSKMS customer managed key", "eu-west-1", null, "1"],
      ["AmazonEC2 m7i.2xlarge Linux on-demand", "eu-central-1", "0.483", "0.49"],
    ]);
    // m7i.xlarge, m7i.2xlarge, gp3 storage, gp3 throughput (48.7424 / 1024 = 0.0476), the zonal NAT gateway.
    expect(compared).toBe(5);
    expect(current("aws", "AWSKMS customer managed key", "eu-west-1")).toMatchObject([{ price: "1", unit: "month" }]);
    expect(current("aws", "AmazonEC2 m7i.2xlarge Linux on-demand", "eu-central-1")).toMatchObject([{ price: "0.49" }]);
    expect(current("aws", "AmazonEC2 m7i.2xlarge Linux on-demand", "eu-west-1")).not.toMatchObject([{ price: "0.49" }]);
  });

  test("one file that cannot be read keeps the whole table as it was", async () => {
    answer = (path, response) => (path.includes("AmazonEKS") ? response.writeHead(503).end() : aws(path, response));
    const before = readFileSync(join(folder, "aws.json"), "utf8");
    await expect(refreshPrices(context(), "aws", folder)).rejects.toMatchObject({ exitCode: 1 });
    answer = (path, response) => (path.includes("AmazonEKS") ? response.end("a,b\n1,2\n") : aws(path, response));
    await expect(refreshPrices(context(), "aws", folder)).rejects.toMatchObject({ exitCode: 1 });
    expect(readFileSync(join(folder, "aws.json"), "utf8")).toBe(before);
  });
});

test("check ends with 3 for a price that differs and for a table older than 120 days, else with 0", async () => {
  answer = hetzner();
  const same = await comparePrices(context(), "hetzner", folder);
  expect([isOff({ ...same, days: 0 }), isOff({ ...same, days: 120 }), isOff({ ...same, days: 121 })]).toEqual([
    false,
    false,
    true,
  ]);
  answer = hetzner(({ volume }) => (volume.price_per_gb_month.net = "0.0600000000"));
  const before = readFileSync(join(folder, "hetzner.json"), "utf8");
  expect(isOff({ ...(await comparePrices(context(), "hetzner", folder)), days: 0 })).toBe(true);
  expect(readFileSync(join(folder, "hetzner.json"), "utf8")).toBe(before);
});

test("check without a token says how to give one, and an unknown vendor is refused", async () => {
  expect(await runCli(folder, ["prices", "check", "hetzner"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("HCLOUD_TOKEN: got nothing; needs a token of a Hetzner project"),
  });
  expect(await runCli(folder, ["prices", "check", "azure"])).toMatchObject({ code: 2 });
});
