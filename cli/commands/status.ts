import type { Command } from "commander";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { lines, stackContainers, type StackContainer } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";
import { openSession, type Session } from "../session.ts";
import { defaultStack } from "../stacks.ts";
import { alignColumns } from "../table.ts";

/** One service as `status` shows it. */
interface ServiceStatus extends Pick<StackContainer, "name" | "role" | "state" | "health" | "image" | "ports" | "startedAt"> {
  /** Memory in use, as docker prints it; null when it does not run. */
  readonly memory: string | null;
}

/** `./fidus status [stack]`: services, health, versions, ports, memory and model. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("status")
    .description("show services, health, image versions, ports, memory and model")
    .argument("[stack]", "stack to look at", defaultStack)
    .addHelpText("after", examples(["./fidus status", "./fidus status community --json | jq '.services[].health'"]))
    .action(async (stack: string) => {
      const session = await openSession(ctx, stack);
      const services = await serviceStatus(session);
      const { llmRuntime = "", model = "", pagePort = "3000" } = session.config.entries();
      const healthy =
        services.length > 0 &&
        services.every(({ state, health }) => state === "running" && (health === "healthy" || health === "none"));
      ctx.printJson({ stack, version: ctx.version, healthy, runtime: llmRuntime, model, pagePort: Number(pagePort), services });
      ctx.print(services.length === 0 ? `Stack ${stack} is down. ./fidus up ${stack}` : table(services));
      ctx.print(`\nversion ${ctx.version} · ${llmRuntime} · ${model}`);
      if (!healthy) ctx.setExitCode(1);
    });
}

async function serviceStatus({ docker, installation, stack }: Session): Promise<ServiceStatus[]> {
  const containers = (await stackContainers(docker, installation.id, stack)).filter(({ state }) => state !== "removing");
  const memory = await memoryByName(
    docker,
    containers.filter(({ state }) => state === "running").map(({ id }) => id),
  );
  return containers.map(({ name, role, state, health, image, ports, startedAt }) => ({
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
  return new Map(rows.map((row) => row.split("\t")).map(([name = "", usage = ""]) => [name, usage.split(" / ")[0] ?? usage]));
}

function table(services: readonly ServiceStatus[]): string {
  const head = ["SERVICE", "STATE", "HEALTH", "MEMORY", "IMAGE", "PORTS"];
  const rows = services.map(({ name, state, health, memory, image, ports }) => [
    name,
    state,
    health,
    memory ?? "-",
    image,
    ports.join(" ") || "-",
  ]);
  return alignColumns([head, ...rows]);
}
