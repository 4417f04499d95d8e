import { realpathSync } from "node:fs";
import grpc from "@grpc/grpc-js";

/** The engine's own limit for one message, bytes: state with embedded files is large. */
const messageLimit = 400 * 1024 * 1024;
/** How often a plugin asks whether its engine still lives, ms. A killed engine cannot say goodbye. */
const orphanCheckInterval = 1_000;

/** Failure that reaches the operator as its message, without a stack. */
export class PluginError extends Error {
  readonly code: grpc.status;
  /** Error details in the engine's own encoding, `grpc-status-details-bin`. */
  readonly metadata: grpc.Metadata | undefined;

  constructor(message: string, code: grpc.status = grpc.status.UNKNOWN, metadata?: grpc.Metadata) {
    super(message);
    this.name = "PluginError";
    this.code = code;
    this.metadata = metadata;
  }
}

/** Turns an async function into a unary handler; a throw becomes the call's error status. */
export function unary<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return (call, callback) => {
    void (async () => handle(call.request))().then(
      (response) => callback(null, response),
      (error: unknown) => callback(toStatus(error)),
    );
  };
}

function toStatus(error: unknown): Partial<grpc.StatusObject> {
  const details = error instanceof Error ? error.message : String(error);
  if (!(error instanceof PluginError)) return { code: grpc.status.UNKNOWN, details };
  return { code: error.code, details, ...(error.metadata ? { metadata: error.metadata } : {}) };
}

/**
 * Serves one plugin on a free loopback port and prints that port, which is how the engine finds it.
 * `stop` runs once when the engine interrupts the plugin or is gone; then the process exits with 0.
 */
export async function servePlugin(
  service: grpc.ServiceDefinition,
  implementation: grpc.UntypedServiceImplementation,
  stop: () => void | Promise<void>,
): Promise<void> {
  const server = new grpc.Server({
    "grpc.max_receive_message_length": messageLimit,
    "grpc.max_send_message_length": messageLimit,
  });
  server.addService(service, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  exitWithEngine(stop);
  process.stdout.write(`${port}\n`);
}

function exitWithEngine(stop: () => void | Promise<void>): void {
  let stopping = false;
  const leave = (): void => {
    if (stopping) return;
    stopping = true;
    void Promise.resolve(stop()).finally(() => process.exit(0));
  };
  process.on("SIGINT", leave);
  process.on("SIGTERM", leave);
  const engine = process.ppid;
  setInterval(() => {
    if (process.ppid !== engine) leave();
  }, orphanCheckInterval).unref();
}

/** The address of the engine: the first argument that is not a flag. */
export function engineAddress(argv: readonly string[]): string | undefined {
  return argv.find((argument) => !argument.startsWith("-"));
}

/** Whether `file` is the program that node was started with; links on the way do not matter. */
export function isMain(file: string): boolean {
  const started = process.argv[1];
  return started !== undefined && realpathSync(started) === realpathSync(file);
}
