import { LoadBalancer } from "@pulumi/hcloud/loadBalancer.js";
import { LoadBalancerNetwork } from "@pulumi/hcloud/loadBalancerNetwork.js";
import { LoadBalancerService } from "@pulumi/hcloud/loadBalancerService.js";
import { LoadBalancerTarget } from "@pulumi/hcloud/loadBalancerTarget.js";
import * as pulumi from "@pulumi/pulumi";
import type { Location } from "../../config/keys/hosts.ts";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";
import type { PublicAddress } from "../host.ts";

export interface BalancerArgs {
  readonly identity: CloudIdentity;
  /** lb11, lb21 or lb31: connections and included traffic. */
  readonly type: string;
  readonly location: Location;
  /** Its place in the private network, over which it reaches the targets. */
  readonly network: { readonly subnetId: pulumi.Input<string>; readonly ip: string };
  /** Servers that it sends to, by the last part of their logical names. */
  readonly targets: readonly { readonly name: string; readonly serverId: pulumi.Input<number> }[];
}

/** Private port and path at which Traefik says whether it takes requests: 503 while it drains. */
export const proxyHealth = { port: 8082, path: "/ping" } as const;

/** After two failed checks a target gets no new connections: ten seconds. */
const pace = { interval: 5, timeout: 3, retries: 2 };

/**
 * Hetzner's load balancer. It passes TCP as it comes, for TLS ends at the proxies, and tells them the caller's address by the
 * PROXY protocol. It alone has public web ports; it outlives the servers, for the public name leads to it.
 */
export class Balancer extends pulumi.ComponentResource {
  readonly publicAddresses: readonly PublicAddress[];

  constructor(name: string, args: BalancerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:Balancer", name, {}, opts);
    const { identity, type, location, network, targets } = args;
    const balancer = new LoadBalancer(
      `${name}-balancer`,
      {
        name: cloudName(identity, "balancer"),
        loadBalancerType: type,
        location,
        algorithm: { type: "least_connections" },
        labels: cloudLabels(identity, "balancer"),
      },
      { parent: this, protect: true }, // another one would have other addresses
    );
    const loadBalancerId = balancer.id.apply(Number);
    const attached = new LoadBalancerNetwork(
      `${name}-network`,
      { loadBalancerId, ...network },
      { parent: this, deleteBeforeReplace: true },
    );
    for (const { name: target, serverId } of targets)
      new LoadBalancerTarget(
        `${name}-${target}`,
        { loadBalancerId, type: "server", serverId, usePrivateIp: true },
        { parent: this, dependsOn: [attached] }, // before, it has no private address to send from
      );
    for (const service of services)
      new LoadBalancerService(
        `${name}-${service.listenPort}`,
        { loadBalancerId: balancer.id, ...service },
        { parent: this, deleteBeforeReplace: true }, // a port has one service
      );
    this.publicAddresses = [
      { type: "A", value: balancer.ipv4 },
      { type: "AAAA", value: balancer.ipv6 },
    ];
    this.registerOutputs({ ipv4: balancer.ipv4, ipv6: balancer.ipv6 });
  }
}

const passed = { protocol: "tcp", proxyprotocol: true } as const;

/** Hetzner's schema calls the port of a check unique in a balancer, so the two services ask at different ones. */
const services = [
  { ...passed, listenPort: 80, destinationPort: 80, healthCheck: { protocol: "tcp", port: 80, ...pace } },
  {
    ...passed,
    listenPort: 443,
    destinationPort: 443,
    healthCheck: {
      protocol: "http",
      port: proxyHealth.port,
      ...pace,
      http: { path: proxyHealth.path, statusCodes: ["200"] },
    },
  },
];
