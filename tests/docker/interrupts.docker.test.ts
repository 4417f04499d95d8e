import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkout, newProduct, variant1, type Product } from "./product.ts";

/** Points spread over the run, each with the signal that hits it there. */
const points = Array.from(
  { length: 20 },
  (_, index) => ({ at: (index + 0.5) / 20, signal: index % 2 === 0 ? "SIGINT" : "SIGKILL" }) as const,
);

let product: Product;
let wholeRunMs = 0;

beforeAll(async () => {
  product = await newProduct();
  await product.up();
  await product.fidus("down", "community");
  const start = performance.now();
  await product.up();
  wholeRunMs = performance.now() - start;
}, 900_000);

afterAll(() => product.remove(), 120_000);

for (const { at, signal } of points) {
  test(`${signal} at ${Math.round(at * 100)} % of an up: one plain up converges`, async () => {
    expect((await product.fidus("down", "community")).code).toBe(0);
    const child = execa(join(checkout, "fidus"), ["up", "community"], { env: product.env, reject: false, stdin: "ignore" });
    await Promise.race([setTimeout(wholeRunMs * at), child]);
    child.kill(signal);
    const ended = await child;
    // The point may lie behind the end of a run that was quicker than the measured one.
    // Before the CLI listens, the signal ends Node itself: on a slow machine that is all of the first point.
    const unheard = at < 0.05 && ended.signal === "SIGINT";
    if (signal === "SIGINT" && ended.exitCode !== 0 && !unheard) expect(ended.exitCode, ended.stderr).toBe(1);
    const { proof } = await product.up();
    expect(proof?.completionTokens).toBeGreaterThan(0);
    const seen = (await product.containers()).map(({ role, health }) => `${role} ${health}`).sort();
    expect(seen).toEqual(variant1.map((role) => `${role} healthy`));
  }, 240_000);
}
