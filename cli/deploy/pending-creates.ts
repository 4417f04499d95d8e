import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CliContext } from "../context.ts";
import type { PulumiEngine } from "../engine.ts";
import type { Installation } from "../installation.ts";
import { askAws } from "./ask-aws.ts";
import { findAtAws, isAtAws } from "./pending-aws.ts";
import { idAtCloudflare, isAtCloudflare } from "./pending-cloudflare.ts";
import { idAtHetzner, isAtHetzner } from "./pending-hetzner.ts";
import type { PendingResource } from "./pending-resource.ts";

/**
 * Clears up after an engine that was killed: what it was making in that moment is looked for, by its name, its labels or tags, or
 * by what it belongs to, and taken into the state where it exists; the other creates are forgotten and done anew. Without it the
 * next `up` would be refused for a name that is in use, or buy a second one. Returns the names that were taken over.
 */
export async function settlePendingCreates(
  ctx: CliContext,
  installation: Installation,
  engine: PulumiEngine,
  stack: string,
): Promise<readonly string[]> {
  const state = JSON.parse(await engine.call(["stack", "export", "--stack", stack])) as State;
  const creating = (state.deployment.pending_operations ?? []).filter(({ type }) => type === "creating");
  if (creating.length === 0) return [];
  const pending = creating.map(({ resource }) => resource);
  const setting = async (key: string): Promise<string> => (await engine.call(["config", "get", key, "--stack", stack])).trim();
  const found: PendingResource[] = [];
  const atHetzner = pending.filter(isAtHetzner);
  const token = atHetzner.length === 0 ? "" : await setting("hcloudToken");
  for (const resource of atHetzner) take(found, resource, await idAtHetzner(ctx, installation.id, resource, token));
  const atCloudflare = pending.filter(isAtCloudflare);
  const cloudflareToken = atCloudflare.length === 0 ? "" : await setting("cloudflareToken");
  for (const resource of atCloudflare) take(found, resource, await idAtCloudflare(ctx, resource, cloudflareToken));
  const atAws = pending.filter(isAtAws);
  if (atAws.length > 0) {
    const account = await setting("awsAccountId");
    const ids = await findAtAws(atAws, { account, regionOfStack: () => setting("region"), ask: askAws(ctx.signal) });
    for (const resource of atAws) take(found, resource, ids.get(resource.urn) ?? null);
  }
  state.deployment.resources = [...(state.deployment.resources ?? []), ...found];
  state.deployment.pending_operations = [];
  // `refresh --import-pending-creates` only renames the operation, and a state in a folder then forgets it (3.259).
  await withFile(join(installation.folder, `${stack}.state.json`), JSON.stringify(state), (file) =>
    engine.call(["stack", "import", "--stack", stack, "--file", file]),
  );
  // Reads what was found, and drops what is not there after all.
  await engine.run("refresh", [], () => undefined);
  return found.map(({ urn }) => urn.split("::").at(-1) ?? urn);
}

/** Its own properties are read by the refresh; until then they are those that were asked for, secrets among them. */
function take(found: PendingResource[], resource: PendingResource, id: string | null): void {
  if (id !== null) found.push({ ...resource, id, outputs: resource.inputs ?? {} });
}

interface State {
  readonly deployment: {
    resources?: readonly PendingResource[];
    pending_operations?: readonly { readonly type: string; readonly resource: PendingResource }[];
  };
}

/** A file that only the operator reads, gone afterwards; its secrets are encrypted. */
async function withFile(file: string, text: string, work: (file: string) => Promise<unknown>): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600 });
    await work(file);
  } finally {
    await rm(file, { force: true });
  }
}
