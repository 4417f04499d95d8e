import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { expect, test } from "vitest";
import { Allowance, type Taken } from "./allowance.ts";

/** A limiter that all replicas of a test share; counts how often it is asked. */
class Shared extends RateLimiterMemory {
  asked = 0;

  override consume(key: string | number, points = 1): Promise<RateLimiterRes> {
    this.asked++;
    return super.consume(key, points);
  }
}

const shared = (points: number) => new Shared({ points, duration: 60 });
const ask = async (allowance: Allowance, id = "a"): Promise<Taken> => allowance.draw(id) ?? allowance.take(id);

test("whoever asks often is counted ahead, with far fewer questions than requests", async () => {
  const limiter = shared(100_000);
  const allowance = new Allowance(limiter, () => true);
  for (let n = 0; n < 1_000; n++) expect((await ask(allowance)).remaining).toBe(100_000 - n - 1);
  expect(limiter.asked).toBeLessThan(100);
});

test("no more than the limit ever pass, through two replicas at once, and the refusal comes with the time to wait", async () => {
  const limiter = shared(500);
  const replicas = [new Allowance(limiter, () => true), new Allowance(limiter, () => true)];
  const all: Taken[] = [];
  for (let round = 0; round < 20; round++) {
    all.push(...(await Promise.all(Array.from({ length: 40 }, (_, index) => ask(replicas[index % 2] as Allowance)))));
  }
  const allowed = all.filter((one) => one.allowed).length;
  expect(allowed).toBeLessThanOrEqual(500);
  // What one replica has counted ahead and does not use is lost: a fiftieth of what was left.
  expect(allowed).toBeGreaterThanOrEqual(480);
  expect(all.at(-1)).toMatchObject({ allowed: false, remaining: 0 });
  expect(all.at(-1)?.msBeforeNext).toBeGreaterThan(0);
});

test("a small limit, and the end of a large one, are counted one by one", async () => {
  const limiter = shared(20);
  const allowance = new Allowance(limiter, () => true);
  const all = await Promise.all(Array.from({ length: 30 }, () => ask(allowance)));
  expect(all.filter((one) => one.allowed)).toHaveLength(20);
  expect(limiter.asked).toBe(30);
});

test("what was counted ahead is not used once Redis is away", async () => {
  const limiter = shared(100_000);
  let ready = true;
  const allowance = new Allowance(limiter, () => ready);
  for (let n = 0; n < 50; n++) await ask(allowance);
  ready = false;
  const before = limiter.asked;
  for (let n = 0; n < 5; n++) await ask(allowance);
  expect(limiter.asked - before).toBe(5);
});
