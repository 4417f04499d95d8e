/** A preview document in the engine's shape (pulumi 3.259), as far as a card reads it; tests change it. */
export interface Recorded {
  config: Record<string, unknown>;
  steps: RecordedStep[];
  changeSummary: Record<string, number>;
}

interface RecordedState {
  readonly [key: string]: unknown;
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface RecordedStep {
  op: string;
  urn: string;
  oldState?: RecordedState;
  newState?: RecordedState;
  [key: string]: unknown;
}

const own = [{ ipv4: 1, ipv6: 2, ipv4Enabled: true, ipv6Enabled: true }];
const at = { location: "nbg1" };

/** Type, logical name, inputs of each resource of a deployed starter edition at Hetzner. */
const resources: readonly (readonly [string, string, Readonly<Record<string, unknown>>])[] = [
  ["pulumi:pulumi:Stack", "fidus-starter", {}],
  ["pulumi:providers:hcloud", "hetzner", { token: "[secret]", version: "1.41.0" }],
  ["fidus:hosts:HetznerHost", "host", {}],
  ["hcloud:index/network:Network", "host-network-network", { ipRange: "10.20.0.0/16" }],
  ["hcloud:index/firewall:Firewall", "host-firewall-firewall", { rules: [] }],
  ["hcloud:index/primaryIp:PrimaryIp", "host-ips-ipv4", { ...at, type: "ipv4" }],
  ["hcloud:index/primaryIp:PrimaryIp", "host-ips-ipv6", { ...at, type: "ipv6" }],
  ["tls:index/privateKey:PrivateKey", "host-deploy-pair", { algorithm: "ED25519" }],
  ["hcloud:index/server:Server", "host-server-server", { ...at, serverType: "cx53", publicNets: own, backups: false }],
  ["hcloud:index/volume:Volume", "host-uploads-disk", { ...at, size: 40 }],
  ["hcloud:index/storageBox:StorageBox", "backup-box", { location: "hel1", storageBoxType: "bx11", password: "[secret]" }],
];

/** The preview of a starter edition that was deployed in July 2026 and does not change; each call a new one. */
export function recordedStarter(): Recorded {
  const steps = resources.map(([type, name, inputs]) => {
    const urn = `urn:pulumi:starter::fidus::${type}::${name}`;
    const custom = !type.startsWith("fidus:") && type !== "pulumi:pulumi:Stack";
    const provider = type.startsWith("hcloud:") ? "urn:pulumi:starter::fidus::pulumi:providers:hcloud::hetzner::1f" : "";
    const times = { created: "2026-07-01T10:00:00Z", modified: "2026-07-01T10:00:00Z" };
    const state = { urn, custom, id: custom ? "1" : "", type, inputs, outputs: {}, protect: custom, provider, ...times };
    return { op: "same", urn, provider, oldState: state, newState: state, detailedDiff: null };
  });
  return { config: { "fidus:edition": "starter" }, steps, changeSummary: { same: steps.length } };
}

/** What the engine writes for a value that comes only with the deployment. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A change of a recorded preview; what comes out need not be one any more. */
export type Mutation = (plan: Recorded) => unknown;
/** The step of a type, which is about to become another one than "same". */
export function step(plan: Recorded, type: string): Recorded["steps"][number] {
  plan.changeSummary["same"]! -= 1;
  return plan.steps.find(({ urn }) => urn.includes(`:${type}::`))!;
}
/** The step of a type, with another operation and other inputs. */
export const change =
  (type: string, op: string, inputs: object = {}): Mutation =>
  (plan) => {
    const one = step(plan, type);
    one.op = op;
    one.newState = { ...one.newState!, inputs: { ...one.newState!.inputs, ...inputs } };
    return plan;
  };
/** Deletes what is not protected any more. */
export const remove =
  (type: string, state: object = {}): Mutation =>
  (plan) => {
    const one = step(plan, type);
    Object.assign(one, { op: "delete", oldState: { ...one.oldState, protect: false, ...state }, newState: undefined });
    return plan;
  };
/** The engine refuses. */
export const fail = (plan: Recorded): unknown => ({
  ...plan,
  diagnostics: [{ severity: "error", message: "cannot delete protected resource" }],
});
