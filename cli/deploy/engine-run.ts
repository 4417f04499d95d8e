import type { Problem } from "../../infra/core/errors.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { lastLogLines, stackContainers } from "../containers.ts";
import type { PulumiEngine, StateResource } from "../engine.ts";
import type { Changes, EngineStep } from "../engine-events.ts";
import { CliError } from "../errors.ts";
import type { Step } from "../progress.ts";

/** The stack that `runUp` works on, and what its state knows. */
export interface RunningStack {
  readonly installation: string;
  readonly stack: string;
  readonly known: readonly StateResource[];
}

/** Runs `pulumi up` with its resources as progress; a failure shows the last log lines of what is not healthy. */
export async function runUp(
  engine: PulumiEngine,
  docker: Docker,
  { installation, stack, known }: RunningStack,
  step: Step,
): Promise<Changes> {
  const show = resourceProgress(step);
  try {
    // The engine believes its state: what somebody stopped or removed by hand is only found by looking.
    const intact = await removeStopped(docker, installation, stack, known);
    return await engine.run("up", intact ? [] : ["--refresh"], show);
  } catch (error) {
    if (!(error instanceof CliError) || error.code !== "engine-failed") throw error;
    const sick = await sickContainers(docker, installation, stack);
    throw new CliError(`${error.message}${sick.map(({ tail }) => tail).join("")}`, {
      code: error.code,
      problems: [...error.problems, ...sick.map(({ problem }) => problem)],
      fix: `The old state is kept. After the repair: ./fidus up ${stack}`,
      cause: error,
    });
  }
}

/** Shows what the engine works on now; unchanged resources only count. */
export function resourceProgress(step: Step): (event: EngineStep) => void {
  const running = new Set<string>();
  let done = 0;
  return ({ urn, op, done: finished }) => {
    if (finished) {
      running.delete(urn);
      done += 1;
    } else if (op !== "same") running.add(urn);
    const now = [...running].slice(-3).map((entry) => entry.split("::").at(-1));
    step.update([`${done} resources`, ...now].join(" · "));
  };
}

interface Sick {
  readonly problem: Problem;
  /** Its last log lines under a heading. */
  readonly tail: string;
}

async function sickContainers(docker: Docker, installation: string, stack: string): Promise<Sick[]> {
  const containers = await stackContainers(docker, installation, stack).catch(() => []);
  const sick = containers.filter(({ state, health }) => state !== "running" || health === "unhealthy" || health === "starting");
  return Promise.all(
    sick.map(async ({ name, role, state, health, exitCode }) => {
      const got = state === "running" ? health : `${state}, exit code ${exitCode}`;
      const lines = (await lastLogLines(docker, name, 15)).replace(/^/gm, "    ");
      return {
        problem: { path: name, got, rule: "to be healthy", fix: `./fidus logs ${stack} ${role}` },
        tail: `\n  ${name} is ${got}; its last lines:\n${lines}`,
      };
    }),
  );
}

/**
 * Removes the state's containers that do not run: the provider would start them again without waiting until they are healthy,
 * and what depends on them would go ahead. Returns whether every container of the state runs.
 */
async function removeStopped(
  docker: Docker,
  installation: string,
  stack: string,
  known: readonly StateResource[],
): Promise<boolean> {
  const wanted = known.filter(({ type }) => type === "docker:index/container:Container").map(({ id }) => id);
  if (wanted.length === 0) return true;
  const there = await stackContainers(docker, installation, stack);
  const running = new Set(there.filter(({ state }) => state === "running").map(({ id }) => id));
  const stopped = there.map(({ id }) => id).filter((id) => wanted.includes(id) && !running.has(id));
  if (stopped.length > 0) await docker(["rm", "--force", ...stopped]);
  return wanted.every((id) => running.has(id));
}
