/** Does all the work at the same time. When one part fails the others are stopped, and its error is thrown once all have ended. */
export async function sideBySide(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<unknown>)[],
): Promise<void> {
  const failure = new AbortController();
  const running = works.map((work) => work(AbortSignal.any([signal, failure.signal])));
  try {
    await Promise.all(running);
  } catch (error) {
    failure.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}
