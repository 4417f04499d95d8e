import { InvalidInputError } from "./problems.ts";

/** What every role and command exports: runs until done or stopped, resolves to the exit code. */
export interface Entry {
  readonly run: (args: readonly string[], env: NodeJS.ProcessEnv) => Promise<number>;
}

/** Imported one by one, so that no role pays for what another one loads. */
const entries: Readonly<Record<string, () => Promise<Entry>>> = {
  api: () => import("./roles/api.ts"),
  web: () => import("./roles/web.ts"),
  worker: () => import("./roles/worker.ts"),
  single: () => import("./roles/single.ts"),
  llm: () => import("./roles/llm.ts"),
  "llm-engine": () => import("./runtime/engine-process.ts"),
  check: () => import("./roles/check.ts"),
  extract: () => import("./knowledge/extract-process.ts"),
  migrate: () => import("./roles/migrate.ts"),
  admin: () => import("./roles/admin.ts"),
  key: () => import("./roles/key.ts"),
  usage: () => import("./roles/usage.ts"),
};

/** They run until they are stopped, and take everything from the environment. */
const services: readonly string[] = ["api", "web", "worker", "single", "llm"];

async function main([role = "", ...args]: readonly string[]): Promise<number> {
  const entry = Object.hasOwn(entries, role) ? entries[role] : undefined;
  if (entry === undefined) {
    const names = Object.keys(entries).filter((name) => !["llm-engine", "extract"].includes(name));
    const fix = "Start it as: node main.js api";
    throw new InvalidInputError([{ path: "role", got: role, rule: `one of ${names.join(", ")}`, fix }]);
  }
  if (services.includes(role) && args.length > 0) {
    const rule = "no arguments: its settings come from the environment";
    throw new InvalidInputError([{ path: "arguments", got: args.join(" "), rule, fix: `Start it as: node main.js ${role}` }]);
  }
  const { run } = await entry();
  return run(args, process.env);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const wrongInput = error instanceof InvalidInputError;
  process.stderr.write(`${wrongInput ? error.message : errorText(error)}\n`);
  process.exitCode = wrongInput ? 2 : 1;
  // A failed start may leave sockets and timers behind; nothing is worth waiting for.
  setImmediate(() => process.exit());
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
