import type { ConfigOf } from "./types.ts";

/** Ports that may be published, by config key, and the command that chooses each. */
export const portCommands = {
  pagePort: "./fidus choose --port",
  apiPort: "./fidus choose --api-port",
  httpPort: "pulumi config set httpPort",
  httpsPort: "pulumi config set httpsPort",
  postgresPort: "pulumi config set postgresPort",
  redisPort: "pulumi config set redisPort",
} as const;
export type PortKey = keyof typeof portCommands;

/** A port of the host that the stack takes. */
export interface PublishedPort {
  readonly key: PortKey;
  readonly address: string;
  readonly port: number;
}

/** Where the stores listen when they are published: never beyond this machine. */
export const loopback = "127.0.0.1";

/** Every port of the host that a variant takes: the proxy's, or those of the stores when only dependencies run. */
export function publishedPorts(
  cfg: Pick<ConfigOf<"community">, PortKey | "services" | "domain" | "bindAddress">,
): PublishedPort[] {
  const at = (address: string, keys: readonly PortKey[]): PublishedPort[] =>
    keys.map((key) => ({ key, address, port: cfg[key] }));
  if (cfg.services === "dependencies") return at(loopback, ["postgresPort", "redisPort"]);
  return at(cfg.bindAddress, cfg.domain === null ? ["pagePort", "apiPort"] : ["httpPort", "httpsPort"]);
}
