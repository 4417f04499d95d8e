import fc from "fast-check";
import { expect, test } from "vitest";
import { Gate } from "./gate.ts";

const never = new AbortController().signal;

test("places are given in the order of asking, and one given back twice is one place", async () => {
  const gate = new Gate({ concurrency: 1, queue: 2, queueSeconds: 5 });
  const order: number[] = [];
  const leave = await gate.enter(never);
  const waiting = [1, 2].map(async (number) => {
    const done = await gate.enter(never);
    order.push(number);
    done();
  });
  expect([gate.inside, gate.waiting, gate.load]).toEqual([1, 2, 3]);
  await expect(gate.enter(never)).rejects.toMatchObject({ code: "runtime_busy", status: 429, retryAfter: 4 });
  leave();
  leave();
  await Promise.all(waiting);
  expect([order, gate.inside, gate.waiting]).toEqual([[1, 2], 0, 0]);
});

test("a wait that is too long is 503 with Retry-After", async () => {
  const gate = new Gate({ concurrency: 1, queue: 1, queueSeconds: 0.02 });
  await gate.enter(never);
  await expect(gate.enter(never)).rejects.toMatchObject({ code: "queue_timeout", status: 503, retryAfter: 3 });
  expect(gate.waiting).toBe(0);
});

test("who leaves the line, before or while waiting, takes no place", async () => {
  const gate = new Gate({ concurrency: 1, queue: 2, queueSeconds: 5 });
  const leave = await gate.enter(never);
  const leaving = new AbortController();
  const waiting = gate.enter(leaving.signal);
  leaving.abort(new Error("gone"));
  await expect(waiting).rejects.toThrow("gone");
  await expect(gate.enter(leaving.signal)).rejects.toThrow("gone");
  leave();
  expect([gate.inside, gate.waiting]).toEqual([0, 0]);
});

test("never more inside than places, and everybody gets in, whatever the order of coming and going", async () => {
  const steps = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), steps, async (concurrency, pauses) => {
      const gate = new Gate({ concurrency, queue: 100, queueSeconds: 5 });
      let inside = 0;
      let most = 0;
      await Promise.all(
        pauses.map(async (turns) => {
          const leave = await gate.enter(never);
          most = Math.max(most, ++inside);
          for (let turn = 0; turn < turns; turn++) await Promise.resolve();
          inside--;
          leave();
        }),
      );
      expect(most).toBeLessThanOrEqual(concurrency);
      expect([gate.inside, gate.waiting]).toEqual([0, 0]);
    }),
    { numRuns: 100 },
  );
});
