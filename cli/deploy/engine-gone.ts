import type { CliContext } from "../context.ts";
import type { Engine } from "../docker.ts";
import { cannotGoOn } from "../errors.ts";
import { run as realRun, type Run } from "../run.ts";

const answerTimeoutMs = 15_000;

/**
 * Runs `work`; when it fails and the Docker engine no longer answers, that is what is said: every other message would be about
 * something that followed from it.
 */
export async function whileEngineLives<T>(
  { env, signal }: Pick<CliContext, "env" | "signal">,
  engine: Engine,
  stack: string,
  work: () => Promise<T>,
  run: Run = realRun,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw error;
    const asked = await run("docker", ["version"], { env: { ...env, ...engine.env }, timeoutMs: answerTimeoutMs });
    if (asked.code === 0) throw error;
    const reason = asked.code === 124 ? `no answer within ${answerTimeoutMs / 1000} s` : asked.stderr.trim().split("\n").at(-1);
    const got = `${engine.host} (${reason})`;
    const fix = `Start it again, then: ./fidus up ${stack}`;
    throw cannotGoOn(
      "The Docker engine stopped answering in the middle of the work; what was finished is kept",
      [{ path: "dockerHost", got, rule: "an engine that answers until the end", fix }],
      "engine-gone",
    );
  }
}
