import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import got from "got";
import { installationLabel } from "../../infra/core/naming.ts";
import type { CliContext } from "../context.ts";
import type { PulumiEngine } from "../engine.ts";
import type { Installation } from "../installation.ts";

/** Where Hetzner lists what a type makes, and the key of the list. Names are unique for each. Source: docs.hetzner.cloud. */
const lists: Readonly<Record<string, string>> = {
  "hcloud:index/firewall:Firewall": "firewalls",
  "hcloud:index/loadBalancer:LoadBalancer": "load_balancers",
  "hcloud:index/network:Network": "networks",
  "hcloud:index/placementGroup:PlacementGroup": "placement_groups",
  "hcloud:index/primaryIp:PrimaryIp": "primary_ips",
  "hcloud:index/server:Server": "servers",
  "hcloud:index/sshKey:SshKey": "ssh_keys",
  "hcloud:index/storageBox:StorageBox": "storage_boxes",
  "hcloud:index/volume:Volume": "volumes",
};

/**
 * Clears up after an engine that was killed: what it was making at Hetzner in that moment is looked for by its name and this
 * installation's label, and taken into the state where it exists; the other creates are forgotten and done anew. Without it
 * the next `up` would be refused for a name that is in use. What other clouds were making cannot be told by its name: there a
 * second one may be made, or the cloud's own message names it. Returns the names that were taken over.
 */
export async function settlePendingCreates(
  ctx: CliContext,
  installation: Installation,
  engine: PulumiEngine,
  stack: string,
): Promise<readonly string[]> {
  const state = JSON.parse(await engine.call(["stack", "export", "--stack", stack])) as State;
  const pending = (state.deployment.pending_operations ?? []).filter(({ type }) => type === "creating");
  if (pending.length === 0) return [];
  const atHetzner = pending.map(({ resource }) => resource).filter(({ type }) => lists[type] !== undefined);
  const token = atHetzner.length === 0 ? "" : (await engine.call(["config", "get", "hcloudToken", "--stack", stack])).trim();
  const found: Resource[] = [];
  for (const resource of atHetzner) {
    const id = await idAtHetzner(ctx, installation.id, resource, token);
    // Its own properties are read by the refresh; until then they are those that were asked for, secrets among them.
    if (id !== null) found.push({ ...resource, id, outputs: resource.inputs ?? {} });
  }
  state.deployment.resources = [...(state.deployment.resources ?? []), ...found];
  state.deployment.pending_operations = [];
  // `refresh --import-pending-creates` only renames the operation, and a state in a folder then forgets it (3.259).
  await withFile(join(installation.folder, `${stack}.state.json`), JSON.stringify(state), (file) =>
    engine.call(["stack", "import", "--stack", stack, "--file", file]),
  );
  await engine.run("refresh", [], () => undefined);
  return found.map(({ inputs }) => nameOf(inputs));
}

interface State {
  readonly deployment: {
    resources?: readonly Resource[];
    pending_operations?: readonly { readonly type: string; readonly resource: Resource }[];
  };
}

interface Resource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

const nameOf = (inputs: Resource["inputs"]): string => String(inputs?.["name"] ?? "");

/** A file that only the operator reads, gone afterwards; its secrets are encrypted. */
async function withFile(file: string, text: string, work: (file: string) => Promise<unknown>): Promise<void> {
  try {
    await writeFile(file, text, { mode: 0o600 });
    await work(file);
  } finally {
    await rm(file, { force: true });
  }
}

async function idAtHetzner(
  { env, signal }: Pick<CliContext, "env" | "signal">,
  installation: string,
  { type, inputs }: Resource,
  token: string,
): Promise<string | null> {
  const name = nameOf(inputs);
  const list = lists[type] ?? "";
  const standard = list === "storage_boxes" ? "https://api.hetzner.com/v1" : "https://api.hetzner.cloud/v1";
  const answer = await got(`${env["HCLOUD_ENDPOINT"] ?? standard}/${list}`, {
    searchParams: { name },
    headers: { authorization: `Bearer ${token}` },
    timeout: { request: 20_000 },
    signal,
  }).json<Readonly<Record<string, readonly Listed[]>>>();
  const ours = answer[list]?.find((one) => one.name === name && one.labels?.[installationLabel] === installation);
  return ours === undefined ? null : String(ours.id);
}

interface Listed {
  readonly id: number;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}
