import type { Client } from "ssh2";
import { z } from "zod";
import { commandId, keptOutputs, previousOutputs } from "./command-local.ts";
import { abortMessage, logging, OutputCollector, printedOutputs, requireSuccess, type Ending } from "./command-output.ts";
import { PluginError } from "./grpc-server.ts";
import { redactorFor } from "./redact.ts";
import { defineResource, type Resource, type Step } from "./resource.ts";
import { connection, connectionSecrets, withSsh } from "./ssh.ts";
import { plain, secret, type Wire, type WireMap } from "./values.ts";

const inputs = z.object({
  addPreviousOutputInEnv: z.boolean().optional(),
  connection,
  create: z.string().optional(),
  delete: z.string().optional(),
  environment: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "needs names of letters, digits and _"), z.string())
    .optional(),
  logging,
  stdin: z.string().optional(),
  triggers: z.array(z.unknown()).optional(),
  update: z.string().optional(),
});
type CommandStep = Step<z.output<typeof inputs>>;

async function runStep(which: "create" | "update" | "delete", command: string | undefined, step: CommandStep): Promise<WireMap> {
  if (command === undefined) return keptOutputs(step.state);
  const redactor = redactorFor(secretsOf(step.wire));
  const collector = new OutputCollector(step.log, step.inputs.logging, redactor);
  const ending = await withSsh(step.inputs.connection, step, async (client) => {
    await requireEnvironment(client, step.inputs.environment ?? {});
    const env = { ...step.inputs.environment, ...previousOutputs(step.inputs.addPreviousOutputInEnv, step.state) };
    return execute(client, command, { env, stdin: step.inputs.stdin ?? "", collector, signal: step.signal });
  }).catch((error: unknown) => {
    if (step.signal.aborted) throw new PluginError(abortMessage(which, step.signal));
    throw error;
  });
  if (step.signal.aborted) throw new PluginError(abortMessage(which, step.signal));
  const printed = collector.end();
  requireSuccess(which, ending, printed, redactor);
  return { ...printedOutputs(printed, redactor) };
}

/** Secret values that may turn up in output; of the connection only keys and passwords, or every host name would go. */
function secretsOf(wire: WireMap): Wire[] {
  const { connection: to, ...rest } = wire;
  return [...Object.values(rest), ...credentials(plain(to ?? null)).map(secret)];
}

function credentials(value: Wire): string[] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [];
  const own = connectionSecrets.map((name) => value[name]).filter((found) => typeof found === "string");
  return [...own, ...credentials(value["proxy"] ?? null)];
}

interface Execution {
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: string;
  readonly collector?: OutputCollector;
  readonly signal?: AbortSignal;
}

function execute(client: Client, command: string, { env, stdin, collector, signal }: Execution): Promise<Ending> {
  return new Promise((resolve, reject) => {
    client.exec(command, { env }, (error, channel) => {
      if (error) {
        reject(
          new PluginError(`connection: got "${error.message}"; needs an SSH server that runs commands. Allow them for this user`),
        );
        return;
      }
      let ending: Ending = { code: null, signal: null };
      // OpenSSH takes no signals for root: the process is cut off, and ends when it next writes or reads.
      const stop = (): void => void client.destroy();
      signal?.addEventListener("abort", stop, { once: true });
      channel.on("data", (chunk: Buffer) => collector?.add("stdout", chunk));
      channel.stderr.on("data", (chunk: Buffer) => collector?.add("stderr", chunk));
      channel.on("exit", (code: number | null, name?: string) => (ending = { code, signal: name ?? null }));
      channel.once("close", () => {
        signal?.removeEventListener("abort", stop);
        resolve(ending);
      });
      channel.on("error", () => undefined); // a command may end without reading its input
      channel.end(stdin);
    });
  });
}

/** A server drops variables that its AcceptEnv does not name, and says nothing: ask before the command runs without them. */
async function requireEnvironment(client: Client, environment: Readonly<Record<string, string>>): Promise<void> {
  const names = Object.keys(environment);
  if (names.length === 0) return;
  const { code } = await execute(client, `printenv ${names.join(" ")} >/dev/null`, { env: environment, stdin: "" });
  if (code === 0) return;
  const rule = "needs a server that accepts them";
  throw new PluginError(
    `environment: got ${names.join(", ")}; ${rule}. Add "AcceptEnv ${names.join(" ")}" to its sshd_config, or use stdin`,
  );
}

/** `command:remote:Command`: a command on another host with create, update and delete. */
export const remoteCommand: Resource = defineResource({
  inputs,
  secretInputs: ["connection"],
  outputs: { stderr: { type: "string" }, stdout: { type: "string" } },
  replaceOn: ["triggers"],
  create: async (step) => ({ id: commandId(step.name), outputs: await runStep("create", step.inputs.create, step) }),
  update: async (step) =>
    step.inputs.update === undefined ? runStep("create", step.inputs.create, step) : runStep("update", step.inputs.update, step),
  delete: async (step) => {
    await runStep("delete", step.inputs.delete, step);
  },
});
