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

/** The ports that Fidus chooses, free ones, for each set of services. */
export const chosenPorts = {
  all: ["pagePort", "apiPort"],
  dependencies: ["postgresPort", "redisPort"],
} as const satisfies Record<ConfigOf<"community">["services"], readonly PortKey[]>;

/** Where the stores listen when they are published: never beyond this machine. */
export const loopback = "127.0.0.1";

/** Where a variant publishes: the proxy as configured, the stores on this machine alone. */
export function publishedAddress({ services, bindAddress }: Pick<ConfigOf<"community">, "services" | "bindAddress">): string {
  return services === "dependencies" ? loopback : bindAddress;
}

/** Every port of the host that a variant takes: the proxy's, or those of the stores when only dependencies run. */
export function publishedPorts(
  cfg: Pick<ConfigOf<"community">, PortKey | "services" | "domain" | "bindAddress">,
): PublishedPort[] {
  const keys = cfg.services === "all" && cfg.domain !== null ? (["httpPort", "httpsPort"] as const) : chosenPorts[cfg.services];
  return keys.map((key) => ({ key, address: publishedAddress(cfg), port: cfg[key] }));
}
