import type { Command } from "commander";
import { keys } from "../infra/config/keys.ts";
import { declinedReason } from "../infra/config/declined.ts";
import { llmRuntimes } from "../infra/config/keys/app.ts";
import { portCommands } from "../infra/config/published-ports.ts";
import { problemUnless, type Problem } from "../infra/core/errors.ts";
import { wrongInput } from "./errors.ts";
import { registryProblems } from "./registry-choice.ts";

/** Choices as they are typed; absent = keep what is recorded, else choose. */
export interface ChoiceFlags {
  /** A runtime, or auto. */
  readonly runtime?: string;
  /** A model id, or auto. */
  readonly model?: string;
  /** all or dependencies. */
  readonly services?: string;
  readonly port?: string;
  readonly apiPort?: string;
  /** Where images are pulled from; false (--no-registry): they are built on the engine again. */
  readonly registry?: string | false;
}

/** Adds the options of everything that `up` records and `choose` changes. */
export function addChoiceFlags(command: Command): Command {
  return command
    .option("--runtime <runtime>", `auto or one of ${llmRuntimes.join(", ")}`)
    .option("--model <model>", "auto, a model of the table, or the runtime's own name")
    .option("--services <services>", "all, or dependencies: only PostgreSQL and Redis, for development with the app on this host")
    .option("--port <port>", "host port of the page and API")
    .option("--api-port <port>", "host port of the API alone")
    .option("--registry <host/path>", "pull images by digest from here in place of building them")
    .option("--no-registry", "build images again in place of pulling them");
}

/** Throws exit 2 with every flag that cannot be meant; `more` are the problems of options beside them. */
export function checkFlags(flags: ChoiceFlags, more: readonly Problem[] = []): void {
  const { runtime, model, services, port, apiPort, registry } = flags;
  const problems = [
    ...runtimeProblems(runtime),
    ...modelProblems(model),
    ...servicesProblems(services),
    ...portProblems("--port", port, `${portCommands.pagePort} ${keys.pagePort.default}`),
    ...portProblems("--api-port", apiPort, `${portCommands.apiPort} ${keys.apiPort.default}`),
    ...(typeof registry === "string" ? registryProblems(registry) : []),
    ...more,
  ];
  if (problems.length > 0) throw wrongInput("the command line cannot be used", problems);
}

function runtimeProblems(runtime: string | undefined): Problem[] {
  const known = ["auto", ...llmRuntimes];
  return problemUnless(runtime === undefined || known.includes(runtime), {
    path: "--runtime",
    got: runtime,
    rule: `one of ${known.join(", ")}`,
    fix: "./fidus choose --runtime auto",
  });
}

function servicesProblems(services: string | undefined): Problem[] {
  const known: readonly string[] = keys.services.allowed;
  return problemUnless(services === undefined || known.includes(services), {
    path: "--services",
    got: services,
    rule: declinedReason(services?.split(",").at(-1) ?? "") ?? `one of ${known.join(", ")}`,
    fix: "./fidus choose --services all",
  });
}

/** What is wrong with a port as it was typed. */
export function portProblems(path: string, text: string | undefined, fix: string): Problem[] {
  const port = text === undefined ? 1 : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return problemUnless(port >= 1 && port <= 65_535, { path, got: text, rule: "a whole number from 1 to 65535", fix });
}

function modelProblems(model: string | undefined): Problem[] {
  const fix = "./fidus choose --model auto";
  return problemUnless(model?.trim() !== "", { path: "--model", got: model, rule: "a text that is not empty", fix });
}
