import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lines, type StackContainer } from "../../cli/containers.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { newEngine, type OwnEngine } from "./own-engine.ts";
import { failureOf, newProduct, variant1, type Product, type UpJson } from "./product.ts";

let engine: OwnEngine;
let product: Product;
let admin: NonNullable<UpJson["admin"]>;

beforeAll(async () => {
  engine = await newEngine();
  await engine.start();
  // The images are built once on the machine's engine; this one gets copies.
  const images = Object.values(await new TestEngine().images("base", "app", "llm", "postgres", "redis", "proxy"));
  const copy = `docker save "$@" | docker --host "${engine.host}" load --quiet`;
  await execa("sh", ["-c", copy, "sh", ...images], { stdin: "ignore" });
  product = await newProduct({ settings: { DOCKER_HOST: engine.host }, within: engine.within });
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  admin = first.admin;
}, 900_000);

afterAll(async () => {
  await product.remove().catch(() => null); // What an engine that never came back holds goes with its folder.
  await engine.remove();
}, 180_000);

async function sql(query: string): Promise<string> {
  const database = (await product.containers("postgres"))[0];
  return engine.docker(["exec", database?.id ?? "", "psql", "-U", "postgres", "-d", "fidus", "-Atc", query]);
}

test("durability is on in the database: fsync, full_page_writes, synchronous_commit", async () => {
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"])
    expect((await sql(`show ${setting}`)).trim(), setting).toBe("on");
});

test("after SIGKILL of engine and containers every acknowledged row is there, and all is healthy within 60 s without an up", async ({
  task,
}) => {
  const client = [...engine.within.slice(1), process.execPath, join(import.meta.dirname, "ledger-client.ts")];
  const written = await execa("nsenter", client, { input: JSON.stringify({ url: product.url, ...admin, count: 25 }) });
  const acknowledged = JSON.parse(written.stdout) as string[];
  expect(acknowledged).toHaveLength(25);

  expect(await engine.cutPower()).toBeGreaterThan(10);

  const start = performance.now();
  await engine.start();
  const isHealthy = ({ health }: StackContainer): boolean => health === "healthy";
  const allHealthy = async (): Promise<boolean> =>
    (await product.containers()).length === 7 && (await product.containers()).every(isHealthy);
  await eventually("all containers are healthy again", allHealthy, 60_000);
  const seconds = (performance.now() - start) / 1000;
  task.meta.figure = {
    name: "all healthy after SIGKILL of engine and containers, every acknowledged row there",
    seconds,
    goal: "≤ 60 s",
  };
  const rows = lines(await sql("select id from conversations"));
  expect(acknowledged.filter((id) => !rows.includes(id))).toEqual([]);
}, 240_000);

test("an engine that dies in the middle of an up is what the up says, and the command it names converges with every row", async () => {
  const before = lines(await sql("select id from conversations order by id"));
  expect((await product.fidus("down", "community")).code).toBe(0);
  const interrupted = product.fidus("up", "community", "--json");
  await eventually("some containers are there again", async () => (await product.containers()).length > 1, 120_000);
  await engine.cutPower();
  const ended = await interrupted;
  expect(ended.code, ended.stderr).toBe(1);
  expect(failureOf(ended)).toMatchObject({
    code: "engine-gone",
    problems: [
      {
        path: "dockerHost",
        got: expect.stringContaining(engine.host) as string,
        rule: "an engine that answers until the end",
        fix: "Start it again, then: ./fidus up community",
      },
    ],
  });

  await engine.start();
  const repaired = await product.fidus("up", "community");
  expect(repaired.code, repaired.stderr).toBe(0);
  expect((await product.containers()).map(({ role, health }) => `${role} ${health}`).sort()).toEqual(
    variant1.map((role) => `${role} healthy`),
  );
  expect(lines(await sql("select id from conversations order by id"))).toEqual(before);
}, 400_000);
