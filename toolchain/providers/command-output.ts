import { StringDecoder } from "node:string_decoder";
import { z } from "zod";
import { PluginError } from "./grpc-server.ts";
import type { Redactor } from "./redact.ts";
import type { Log } from "./resource.ts";
import { secret, type Wire } from "./values.ts";

/** Which streams are shown while the command runs; absent = both. */
export const logging = z.enum(["stdout", "stderr", "stdoutAndStderr", "none"]).optional();
export type Logging = z.output<typeof logging>;

/** Characters of each stream that an error shows: the end, where the cause usually stands. */
const shownInError = 8_000;

/** What one run of a command printed. */
export interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects both streams of a command and passes complete lines to the engine's log. */
export class OutputCollector {
  readonly #streams: Record<"stdout" | "stderr", Stream>;

  constructor(log: Log, show: Logging, redactor: Redactor) {
    const line = (text: string): void => log("info", redactor.clean(text), { status: true });
    this.#streams = {
      stdout: new Stream(show === undefined || show === "stdout" || show === "stdoutAndStderr" ? line : undefined),
      stderr: new Stream(show === undefined || show === "stderr" || show === "stdoutAndStderr" ? line : undefined),
    };
  }

  add(stream: "stdout" | "stderr", chunk: Buffer): void {
    this.#streams[stream].add(chunk);
  }

  /** Everything printed, without the last line break. */
  end(): Printed {
    return { stdout: this.#streams.stdout.end(), stderr: this.#streams.stderr.end() };
  }
}

class Stream {
  readonly #decoder = new StringDecoder("utf8");
  readonly #line: ((text: string) => void) | undefined;
  #all = "";
  #rest = "";

  constructor(line: ((text: string) => void) | undefined) {
    this.#line = line;
  }

  add(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  end(): string {
    this.#take(this.#decoder.end());
    if (this.#rest !== "") this.#line?.(this.#rest);
    this.#rest = "";
    return this.#all.replace(/\n$/, "");
  }

  #take(text: string): void {
    this.#all += text;
    if (!this.#line) return;
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#line(line);
  }
}

/** Outputs for the state: text that holds a secret value is itself secret. */
export function printedOutputs({ stdout, stderr }: Printed, redactor: Redactor): { stdout: Wire; stderr: Wire } {
  const guard = (text: string): Wire => (redactor.contains(text) ? secret(text) : text);
  return { stdout: guard(stdout), stderr: guard(stderr) };
}

/** How a command ended. */
export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Throws for any end but exit code 0, with what the command printed and no secret value. `which` is create, update or delete. */
export function requireSuccess(which: string, ending: Ending, printed: Printed, redactor: Redactor): void {
  if (ending.code === 0) return;
  const got = ending.code === null ? `an end by ${ending.signal ?? "a lost connection"}` : `exit code ${ending.code}`;
  const streams = Object.entries(printed).filter(([, text]) => text !== "");
  const shown = streams.reverse().map(([name, text]) => `${name}:\n${tail(redactor.clean(text))}`);
  const output = shown.length === 0 ? "It printed nothing." : shown.join("\n");
  throw new PluginError(`${which}: got ${got}; needs exit code 0. Repair what it says and run pulumi up again.\n${output}`);
}

function tail(text: string): string {
  return text.length <= shownInError ? text : `[… ${text.length - shownInError} characters before]\n${text.slice(-shownInError)}`;
}

/** The message for a step that the engine or its timeout ended. */
export function abortMessage(which: string, signal: AbortSignal): string {
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
  return timedOut
    ? `${which}: got no end within the resource's customTimeouts; needs to end sooner. Raise customTimeouts or speed the command up`
    : `${which}: got a cancel; needs to run to its end. pulumi up`;
}
