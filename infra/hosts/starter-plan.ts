import type { Input } from "@pulumi/pulumi";
import { given } from "../config/given.ts";
import type { Location } from "../config/keys/hosts.ts";
import { publicUrls, type PublicUrls } from "../config/public-urls.ts";
import type { StackConfig } from "../config/read.ts";
import type { ServerTypeName } from "../core/server-types.ts";
import type { OwnHostArgs } from "./byo/own-host.ts";
import type { HetznerHostArgs } from "./hetzner/hetzner-host.ts";

type Config = StackConfig<"starter">;
type Types = HetznerHostArgs["types"];

/** What the starter program builds, decided from its configuration alone. */
export interface StarterPlan {
  /** Settings of Hetzner's provider; null when nothing there is used. */
  readonly hetzner: { readonly token: Input<string> } | null;
  readonly host:
    | { readonly kind: "hetzner"; readonly args: Omit<HetznerHostArgs, "identity"> }
    | { readonly kind: "own"; readonly args: OwnHostArgs };
  /** The Storage Box for backups; null when they go elsewhere. */
  readonly backupBox: { readonly type: string; readonly location: Location } | null;
  readonly urls: PublicUrls;
}

/** Server types for one server that does everything, in order of price: 32 GB, or 16 GB for smaller models. */
const offered = {
  standard: { x86: ["cx53", "cpx62", "ccx33"], arm: ["cax41"] },
  small: { x86: ["cx43", "cpx42"], arm: ["cax31"] },
} as const satisfies Record<Config["serverSize"], Record<"x86" | "arm", Types>>;

/** Turns the keys into what is built. The rules of the configuration have seen to it that what is needed is there. */
export function starterPlan(cfg: Config): StarterPlan {
  const { domain, dnsProvider, location } = cfg;
  const bought = cfg.provider === "hetzner";
  return {
    hetzner: bought || dnsProvider === "hetzner" ? { token: given("starter", "hcloudToken", cfg.hcloudToken) } : null,
    host: bought ? { kind: "hetzner", args: boughtHost(cfg) } : { kind: "own", args: ownHost(cfg) },
    backupBox: cfg.backupTarget === "storage-box" ? { type: cfg.storageBoxType, location } : null,
    urls: publicUrls(domain),
  };
}

function boughtHost(cfg: Config): Omit<HetznerHostArgs, "identity"> {
  const { location, networkRange, uploadsSize, serverBackups: backups } = cfg;
  return {
    types: wantedTypes(cfg),
    location,
    networkRange,
    uploadsSize,
    backups,
    token: given("starter", "hcloudToken", cfg.hcloudToken),
    adminRanges: given("starter", "adminRanges", cfg.adminRanges),
  };
}

function ownHost(cfg: Config): OwnHostArgs {
  return {
    address: given("starter", "hostAddress", cfg.hostAddress),
    port: cfg.hostPort,
    user: cfg.hostUser,
    hostKey: given("starter", "hostKey", cfg.hostKey),
    privateKey: given("starter", "sshPrivateKey", cfg.sshPrivateKey),
  };
}

/** The operator's own list, else that of the size, for the processors that images exist for. */
function wantedTypes({ serverTypes, serverSize, imageArchitectures }: Config): Types {
  const standard: readonly ServerTypeName[] = imageArchitectures.flatMap((architecture) => [
    ...offered[serverSize][architecture],
  ]);
  const [first = offered[serverSize].x86[0], ...others] = serverTypes ?? standard;
  return [first, ...others];
}
