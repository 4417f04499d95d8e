import type { Command } from "commander";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { lines, stackContainers, type StackContainer } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";
import { missingServices } from "../missing.ts";
import { openSession, type Session } from "../session.ts";
import { defaultStack } from "../stacks.ts";
import { alignColumns } from "../../infra/core/table.ts";

/** One service as `status` shows it. */
interface ServiceStatus extends Pick<
  StackContainer,
  "id" | "name" | "role" | "state" | "health" | "image" | "ports" | "startedAt"
> {
  /** Memory in use, as docker prints it; null when it does not run or the engine cannot tell. */
  readonly memory: string | null;
}

/** `./fidus status [stack]`: services, what is missing, health, versions, ports, memory and model. Exit 1 when not all is well. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("status")
    .description(
      "show services and what is missing, health, image versions, ports, memory and model; exit 1 when not all is well",
    )
    .argument("[stack]", "stack to look at", defaultStack)
    .addHelpText("after", examples(["./fidus status", "./fidus status community --json | jq '.services[].health'"]))
    .action(async (stack: string) => {
      const session = await openSession(ctx, stack);
      const [services, state, outputs] = await Promise.all([
        serviceStatus(session),
        session.engine.resources(),
        session.engine.outputs(),
      ]);
      const missing = missingServices(state, services);
      const { url = null, apiUrl = null } = outputs ?? {};
      const { services: variant = "all", ...recorded } = session.config.entries();
      const alone = variant === "dependencies";
      // What runs on this host, if anything, is not for this command to say.
      const runtime = alone ? null : (recorded["llmRuntime"] ?? null);
      const model = alone ? null : (recorded["model"] ?? null);
      const healthy = services.length > 0 && missing.length === 0 && services.every(isWell);
      const fix = healthy ? null : `./fidus up ${stack}`;
      const shown = services.map(({ id: _, ...service }) => service);
      const facts = { stack, version: ctx.version, variant, healthy, url, apiUrl, runtime, model };
      ctx.printJson({ ...facts, services: shown, missing, fix });
      ctx.print(services.length + missing.length === 0 ? `Stack ${stack} is down.` : table(services, missing));
      const about = [`version ${ctx.version}`, alone ? "stores only" : null, runtime, model, url];
      ctx.print(`\n${about.filter((part) => part !== null).join(" · ")}`);
      if (fix === null) return;
      ctx.print(`Repair: ${fix}`);
      ctx.setExitCode(1);
    });
}

function isWell({ state, health }: ServiceStatus): boolean {
  return state === "running" && (health === "healthy" || health === "none");
}

async function serviceStatus({ docker, installation, stack }: Session): Promise<ServiceStatus[]> {
  const containers = (await stackContainers(docker, installation.id, stack)).filter(({ state }) => state !== "removing");
  const memory = await memoryByName(
    docker,
    containers.filter(({ state }) => state === "running").map(({ id }) => id),
  );
  return containers.map(({ id, name, role, state, health, image, ports, startedAt }) => ({
    id,
    name,
    role,
    state,
    health,
    image,
    ports,
    startedAt,
    memory: memory.get(name) ?? null,
  }));
}

async function memoryByName(docker: Docker, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = lines(await docker(["stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}", ...ids]));
  // Where the kernel does not count, docker prints zero.
  return new Map(
    rows
      .map((row) => row.split("\t"))
      .map(([name = "", usage = ""]) => [name, usage.split(" / ")[0] ?? usage] as const)
      .filter(([, used]) => used !== "0B"),
  );
}

function table(services: readonly ServiceStatus[], missing: readonly string[]): string {
  const head = ["SERVICE", "STATE", "HEALTH", "MEMORY", "IMAGE", "PORTS"];
  const rows = services.map(({ name, state, health, memory, image, ports }) => [
    name,
    state,
    health,
    memory ?? "-",
    image,
    ports.join(" ") || "-",
  ]);
  return alignColumns([head, ...rows, ...missing.map((name) => [name, "missing", "-", "-", "-", "-"])]);
}
