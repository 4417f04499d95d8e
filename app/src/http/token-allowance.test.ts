import { RateLimiterMemory, type RateLimiterRes } from "rate-limiter-flexible";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TokenAllowance, type TokenHold } from "./token-allowance.ts";

/** A counter that all replicas of a test share; keeps what it was told. */
class Counter extends RateLimiterMemory {
  readonly asked: number[] = [];

  override penalty(key: string | number, points = 1): Promise<RateLimiterRes> {
    this.asked.push(points);
    return super.penalty(key, points);
  }
}

const counter = () => new Counter({ points: 1, duration: 60 });
const replica = (limiter: Counter, shared: () => boolean = () => true) =>
  new TokenAllowance({ limiter, shared, replicas: 2, windowMs: 60_000 });
/** Asks for tokens as a meter does; null: refused. */
const ask = async (allowance: TokenAllowance, limit: number, tokens: number): Promise<TokenHold | null> => {
  await allowance.look("a");
  return allowance.take("a", limit, tokens).hold;
};
const held = async (...asked: Parameters<typeof ask>): Promise<TokenHold> => {
  const hold = await ask(...asked);
  if (hold === null) throw new Error("refused");
  return hold;
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] }));
afterEach(() => void vi.useRealTimers());

test("no more than the limit is admitted at once; what was not used is given back, and what came on top counts", async () => {
  const allowance = replica(counter());
  const hold = await held(allowance, 1_000, 800);
  expect(await ask(allowance, 1_000, 201)).toBeNull();
  allowance.settle("a", hold, 300);
  const second = await held(allowance, 1_000, 700);
  allowance.settle("a", second, 750);
  expect(await ask(allowance, 1_000, 1)).toBeNull();
});

test("what is left is told with the time until there is more, also to who is refused", async () => {
  const allowance = replica(counter());
  await allowance.look("a");
  expect(allowance.take("a", 1_000, 400).left).toEqual({ limit: 1_000, remaining: 600, msBeforeNext: 60_000 });
  await vi.advanceTimersByTimeAsync(15_000);
  await allowance.look("a");
  expect(allowance.take("a", 1_000, 601)).toEqual({ hold: null, left: { limit: 1_000, remaining: 600, msBeforeNext: 45_000 } });
});

test("replicas know of each other after a tenth of a second", async () => {
  const limiter = counter();
  const [one, other] = [replica(limiter), replica(limiter)];
  await held(one, 1_000, 900);
  await vi.advanceTimersByTimeAsync(101);
  expect(await ask(other, 1_000, 200)).toBeNull();
  expect(await ask(other, 1_000, 100)).not.toBeNull();
});

test("a busy caller costs a few questions a second, and every token arrives", async () => {
  const limiter = counter();
  const allowance = replica(limiter);
  for (let n = 0; n < 1_000; n++) {
    allowance.settle("a", await held(allowance, 1_000_000, 500), 30);
    await vi.advanceTimersByTimeAsync(1);
  }
  await allowance.close();
  expect(limiter.asked.length).toBeLessThan(15);
  expect(limiter.asked.reduce((sum, tokens) => sum + tokens, 0)).toBe(30_000);
});

test("more than the whole limit passes when nothing else was counted, and keeps everybody else out for its minute", async () => {
  const allowance = replica(counter());
  const hold = await held(allowance, 1_000, 5_000);
  allowance.settle("a", hold, 4_000);
  expect(await ask(allowance, 1_000, 1)).toBeNull();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await ask(allowance, 1_000, 1)).not.toBeNull();
  expect(await ask(allowance, 1_000, 1_000)).toBeNull();
});

test("what an earlier minute counted is not given back to a later one; what it used on top counts there", async () => {
  const limiter = counter();
  const allowance = replica(limiter);
  const [low, high] = [await held(allowance, 1_000, 500), await held(allowance, 1_000, 100)];
  await vi.advanceTimersByTimeAsync(60_001);
  await held(allowance, 1_000, 600);
  allowance.settle("a", low, 0);
  allowance.settle("a", high, 300);
  expect(await ask(allowance, 1_000, 201)).toBeNull();
  expect(await ask(allowance, 1_000, 200)).not.toBeNull();
});

test("while the common counter is away each process allows its share", async () => {
  let ready = true;
  const allowance = replica(counter(), () => ready);
  await held(allowance, 1_000, 900);
  ready = false;
  // The counter of this test is the same one: empty, as that of a process is which begins to count by itself.
  vi.advanceTimersByTime(60_001);
  expect(await ask(allowance, 1_000, 400)).not.toBeNull();
  expect(await ask(allowance, 1_000, 101)).toBeNull();
  expect(await ask(allowance, 1_000, 100)).not.toBeNull();
});

test("each id has a minute of its own", async () => {
  const allowance = replica(counter());
  await held(allowance, 1_000, 1_000);
  await allowance.look("b");
  expect(allowance.take("b", 1_000, 1_000).hold).not.toBeNull();
});
