const pollMs = 50;

/**
 * Asks until the answer is neither false nor nothing, and returns it; throws with `what` and the last failure after the limit.
 * For tests and benches, where a state has no event to wait for. A check that fails has no answer yet.
 */
export async function eventually<T>(what: string, check: () => T | Promise<T>, limitMs = 60_000): Promise<Answer<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    let cause: unknown;
    try {
      const seen = await check();
      if (seen !== false && seen !== null && seen !== undefined) return seen as Answer<T>;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`, { cause });
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

type Answer<T> = Exclude<NonNullable<T>, false>;
