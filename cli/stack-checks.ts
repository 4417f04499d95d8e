import type { Edition } from "../infra/config/spec.ts";
import type { ConfigOf } from "../infra/config/types.ts";
import type { DeclaredBucket } from "./bucket-check.ts";
import { checkConfiguration, type CheckedStack } from "./config-check.ts";
import type { CliContext } from "./context.ts";
import { cannotGoOn } from "./errors.ts";
import { ok, type Check } from "./preflight.ts";

export interface StackChecks {
  /** Of all stacks that the name stands for. */
  readonly editions: readonly Edition[];
  readonly checks: readonly Check[];
}

/**
 * What a stack of starter, pro or enterprise has outside of its plan, looked at where it is: the backup bucket, which nobody but its owner
 * makes, and the operator's own machine. Throws exit 2 while the configuration has problems.
 */
export async function stackChecks(ctx: CliContext, name: string): Promise<StackChecks> {
  const { stacks } = await checkConfiguration(ctx, name);
  const checks = stacks.map(async (stack) => [
    ok("configuration", "Configuration", `${stack.stack} (${stack.edition})`),
    ...(await hostOf(ctx, stack)),
    ...(await bucketOf(ctx, stack)),
  ]);
  return { editions: stacks.map(({ edition }) => edition), checks: (await Promise.all(checks)).flat() };
}

/** Refuses, exit 1, a machine of the operator's that cannot become the stack's host, before the first resource; says the warnings. */
export async function requireOwnHost(ctx: CliContext, stack: CheckedStack): Promise<void> {
  const checks = await hostOf(ctx, stack);
  const problems = checks.flatMap(({ problem }) => problem ?? []);
  const subject = `${stack.stack}: your machine cannot be used as it is; nothing was changed`;
  if (problems.length > 0) throw cannotGoOn(subject, problems, "own-host");
  for (const { status, title, detail } of checks) if (status === "warn") ctx.notice(`  ${title}: ${detail}`);
}

async function hostOf({ signal }: CliContext, { edition, values }: CheckedStack): Promise<Check[]> {
  if (edition !== "starter") return [];
  const starter = values as ConfigOf<"starter">;
  if (starter.provider !== "own-host") return [];
  const { ownHostChecks } = await import("./own-host.ts"); // its SSH client is slow to load
  return ownHostChecks(starter, signal);
}

async function bucketOf({ signal }: CliContext, { edition, values }: CheckedStack): Promise<Check[]> {
  const declared = values as Partial<ConfigOf<"starter">>;
  const used = edition === "pro" || (edition === "starter" && declared.backupTarget === "s3");
  if (!used) return [];
  const { bucketCheck } = await import("./bucket-check.ts");
  return [await bucketCheck(declared as DeclaredBucket, signal)];
}
