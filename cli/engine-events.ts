import { createInterface } from "node:readline";
import { ExecaError } from "execa";
import { CliError } from "./errors.ts";

/** What a run of the engine did, counted by operation: `{create: 3, same: 12}`. */
export type Changes = Readonly<Record<string, number>>;

/** A resource the engine starts or finishes, as its progress shows it. */
export interface EngineStep {
  readonly urn: string;
  readonly op: string;
  readonly done: boolean;
}

/** A run of the engine that came to its end and failed. */
export class EngineRunError extends CliError {
  /** What it calls errors, and of which resource; that of none has "". */
  readonly errors: readonly EngineError[];

  constructor(message: string, errors: readonly EngineError[], more: ConstructorParameters<typeof CliError>[1]) {
    super(message, { ...more, code: "engine-failed" });
    this.errors = errors;
  }
}

interface EngineError {
  readonly urn: string;
  readonly message: string;
}

export interface Seen {
  readonly changes: Changes;
  readonly errors: readonly EngineError[];
  /** What the program and its plugins printed as errors: the reason where the engine was never told one. */
  readonly printed: readonly string[];
  /** Resources whose step failed. */
  readonly failed: readonly StepMetadata[];
}

/** Reads what the engine tells with `--json`, to its end. */
export async function readEvents(stdout: NodeJS.ReadableStream | null, onStep: (step: EngineStep) => void): Promise<Seen> {
  let changes: Changes = {};
  const errors: EngineError[] = [];
  const printed: string[] = [];
  const failed: StepMetadata[] = [];
  if (stdout === null) return { changes, errors, printed, failed };
  for await (const line of createInterface({ input: stdout })) {
    const event = parseEvent(line);
    if (event === null) continue;
    const started = event.resourcePreEvent?.metadata;
    const finished = event.resOutputsEvent?.metadata ?? event.resOpFailedEvent?.metadata;
    if (started !== undefined) onStep({ urn: started.urn, op: started.op, done: false });
    if (finished !== undefined) onStep({ urn: finished.urn, op: finished.op, done: true });
    if (event.resOpFailedEvent !== undefined) failed.push(event.resOpFailedEvent.metadata);
    if (event.summaryEvent !== undefined) changes = event.summaryEvent.resourceChanges ?? {};
    const diagnostic = event.diagnosticEvent;
    if (diagnostic?.severity === "error" && diagnostic.ephemeral !== true)
      errors.push({ urn: diagnostic.urn ?? "", message: diagnostic.message.trim() });
    if (diagnostic?.severity === "info#err") printed.push(diagnostic.message.trimEnd());
  }
  return { changes, errors, printed, failed };
}

interface StepMetadata {
  readonly urn: string;
  readonly op: string;
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: StepMetadata };
  readonly resOpFailedEvent?: { readonly metadata: StepMetadata };
  readonly summaryEvent?: { readonly resourceChanges?: Changes };
  readonly diagnosticEvent?: {
    readonly severity: string;
    readonly message: string;
    readonly urn?: string;
    readonly ephemeral?: boolean;
  };
}

function parseEvent(line: string): EngineEvent | null {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return null;
  }
}

/** Why a run failed, in the engine's words where it has any. */
export function engineFailure(
  operation: string,
  { errors, printed, failed }: Seen,
  error: unknown,
  signal: AbortSignal,
): CliError {
  if (signal.aborted && signal.reason instanceof CliError) return signal.reason;
  if (error instanceof ExecaError && error.signal !== undefined) return killedEngine(operation, error);
  const spoken = [...new Set(errors.map(({ message }) => message).filter((text) => text !== "" && text !== "update failed"))];
  const stderr = error instanceof ExecaError ? String(error.stderr).trim() || error.shortMessage : String(error);
  const fallback = printed.length > 0 ? printed.slice(-15) : [stderr];
  const lines = spoken.length > 0 ? spoken : fallback;
  return new EngineRunError(`the engine's ${operation} failed\n${lines.map(indent).join("\n")}`, errors, {
    problems: failed.map(({ urn, op }) => ({
      path: urn.split("::").at(-1) ?? urn,
      got: `a failed ${op}`,
      rule: "to succeed before anything behind it is touched",
      fix: repairOf(errors.filter((each) => each.urn === urn)),
    })),
    cause: error,
  });
}

/** What the same command cannot repair is named first. */
function repairOf(errors: readonly EngineError[]): string {
  const overQuota = errors.some(({ message }) => message.includes("VcpuLimitExceeded"));
  return overQuota
    ? "Have AWS raise the account's quota of vCPUs (docs/enterprise.md, VcpuLimitExceeded), then ./fidus up"
    : "./fidus up";
}

/** By hand, or by a kernel short of memory: the state is whole up to the last finished step. */
function killedEngine(operation: string, error: ExecaError): CliError {
  const problem = {
    path: `pulumi ${operation}`,
    got: `an end by ${error.signal}`,
    rule: "to run to its end (dmesg tells whether memory was short)",
    fix: "./fidus up",
  };
  return new CliError("The engine was ended in the middle of its work; what it had finished is kept", {
    code: "engine-killed",
    problems: [problem],
    cause: error,
  });
}

/** Each line two columns to the right. */
export function indent(text: string): string {
  return text.replace(/^/gm, "  ");
}
