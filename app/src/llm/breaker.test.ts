import { describe, expect, test } from "vitest";
import { Breaker } from "./breaker.ts";

/** A breaker of three failures and 100 ms, and a clock that a test moves. */
function watched() {
  const clock = { now: 0 };
  const breaker = new Breaker({ failures: 3, openMs: 1_000, longestOpenMs: 3_000 }, () => clock.now);
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.begin()?.failed();
  };
  return { clock, breaker, fail };
}

describe("a breaker", () => {
  test("opens after so many failures in a row, and not after as many with a success between", () => {
    const { breaker, fail } = watched();
    fail(2);
    breaker.begin()?.completed();
    fail(2);
    expect(breaker.state).toBe("closed");
    fail(1);
    expect([breaker.state, breaker.retryAfter, breaker.begin()]).toEqual(["open", 1, null]);
  });

  test("lets one trial through when its time is over, and no second beside it", () => {
    const { breaker, clock, fail } = watched();
    fail(3);
    clock.now = 1_000;
    expect(breaker.state).toBe("half-open");
    const trial = breaker.begin();
    expect([trial === null, breaker.begin(), breaker.retryAfter]).toEqual([false, null, 1]);
    trial?.over();
    expect(breaker.begin()).not.toBeNull();
  });

  test("closes at the first byte of a trial, and one broken answer opens it again for longer", () => {
    const { breaker, clock, fail } = watched();
    fail(3);
    clock.now = 1_000;
    const trial = breaker.begin();
    trial?.answered();
    expect(breaker.state).toBe("closed");
    trial?.failed();
    expect([breaker.state, breaker.retryAfter]).toEqual(["open", 2]);
  });

  test("stays open longer with each failed trial, up to a bound, until an answer was whole", () => {
    const { breaker, clock, fail } = watched();
    fail(3);
    const waits = [1, 2, 3, 4].map(() => {
      const wait = breaker.retryAfter;
      clock.now += wait * 1_000;
      fail(1);
      return wait;
    });
    expect(waits).toEqual([1, 2, 3, 3]);
    clock.now += 3_000;
    breaker.begin()?.completed();
    fail(3);
    expect(breaker.retryAfter).toBe(1);
  });

  test("counts streams that break after their first byte", () => {
    const { breaker } = watched();
    for (let time = 0; time < 3; time++) {
      const attempt = breaker.begin();
      attempt?.answered();
      attempt?.failed();
    }
    expect(breaker.state).toBe("open");
  });

  test("takes the first verdict of an attempt", () => {
    const { breaker } = watched();
    for (let time = 0; time < 3; time++) {
      const attempt = breaker.begin();
      attempt?.completed();
      attempt?.failed();
    }
    expect(breaker.state).toBe("closed");
  });
});
