import { execa } from "execa";

/** How to call the docker command. */
export interface DockerOptions {
  /** Environment of the calls; DOCKER_HOST (also ssh://), DOCKER_CONTEXT and DOCKER_CONFIG are honoured. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** @default "docker" */
  readonly binary?: string;
}

export interface DockerCall {
  /** Text or file content for the command's standard input. */
  readonly input?: string | { readonly file: string };
  /** Called with every line of output as it comes. */
  readonly onLine?: (line: string) => void;
  /** Gets every line of standard output in turn, none of which is kept: for output of any length. The result is then empty. */
  readonly eachLine?: (line: string) => Promise<void> | void;
  /** Ends the command. */
  readonly signal?: AbortSignal | undefined;
}

/** The docker command against one engine: resolves to its standard output, rejects with a DockerError. */
export type Docker = (args: readonly string[], call?: DockerCall) => Promise<string>;

/** A docker command that failed: what was called, its exit code, and the last lines it printed. */
export class DockerError extends Error {
  readonly exitCode: number | null;
  readonly output: string;

  constructor(args: readonly string[], exitCode: number | null, output: string) {
    const tail = output.trimEnd().split("\n").slice(-15).join("\n");
    super(`docker ${args.slice(0, 2).join(" ")} failed (exit ${exitCode ?? "none"}):\n${tail}`);
    this.name = "DockerError";
    this.exitCode = exitCode;
    this.output = output;
  }
}

/** The docker command as a function. */
export function dockerCli({ env = process.env, binary = "docker" }: DockerOptions = {}): Docker {
  return async (args, { input, onLine, eachLine, signal } = {}) => {
    const child = execa(binary, args, {
      env,
      extendEnv: false,
      all: eachLine === undefined,
      buffer: { stdout: eachLine === undefined },
      reject: false,
      maxBuffer: 64_000_000,
      ...(input === undefined ? { stdin: "ignore" } : typeof input === "string" ? { input } : { inputFile: input.file }),
      ...(signal === undefined ? {} : { cancelSignal: signal }),
    });
    if (onLine !== undefined) {
      for await (const line of child.iterable({ from: "all" })) onLine(String(line));
    }
    if (eachLine !== undefined) {
      for await (const line of child.iterable()) await eachLine(String(line));
    }
    const result = await child;
    if (result.isCanceled) throw new DockerError(args, null, "interrupted");
    if (result.failed)
      throw new DockerError(args, result.exitCode ?? null, result.all ?? `${result.stderr}\n${result.shortMessage}`);
    return result.stdout ?? "";
  };
}
