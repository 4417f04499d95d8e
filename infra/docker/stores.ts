import * as pulumi from "@pulumi/pulumi";
import { loopback } from "../config/published-ports.ts";
import { DataVolume } from "./data-volume.ts";
import type { Engine } from "./engine.ts";
import { memoryLimits } from "./memory.ts";
import { RoleFiles } from "./role-files.ts";
import { Service } from "./service.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface StoreArgs {
  readonly engine: Engine;
  /** Image of the store. */
  readonly image: string;
  /** Image with the files filler. */
  readonly fillerImage: string;
  /** Internal network. */
  readonly network: pulumi.Input<string>;
  /** Network that can publish ports; joined only with a host port. */
  readonly publicNetwork: pulumi.Input<string>;
  readonly secrets: StackSecrets;
  /** Publish its port on the host's loopback, for development on the host. @default null: not reachable from the host */
  readonly hostPort?: number | null;
}

/** PostgreSQL with pgvector: the system of record. */
export class Database extends pulumi.ComponentResource {
  /** Connection URL as containers see it. */
  readonly url: pulumi.Output<string>;
  readonly service: Service;

  constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Database", name, {}, opts);
    const { engine, image, fillerImage, secrets } = args;
    const files = new RoleFiles(
      `${name}-files`,
      {
        engine,
        role: "postgres",
        uid: 10002,
        image: fillerImage,
        files: { postgres_password: secrets.database },
        fingerprintKey: secrets.fingerprint,
      },
      { parent: this },
    );
    const data = new DataVolume(`${name}-data`, { engine, role: "postgres" }, { parent: this });
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "postgres",
        image,
        files,
        volumes: { "/var/lib/postgresql/data": data.volumeName },
        networks: networksFor(args),
        ports: onLoopback(args.hostPort, 5432),
        tmpfs: ["/run/postgresql"],
        healthcheck: ["/usr/local/bin/healthcheck"],
        memory: memoryLimits.postgres,
        stopGrace: 60,
      },
      { parent: this },
    );
    this.url = pulumi.secret(pulumi.interpolate`postgresql://fidus:${secrets.database}@postgres:5432/fidus`);
    this.registerOutputs({ url: this.url });
  }
}

/** Valkey (Redis protocol): cache, limits and messages; losing it loses no data. */
export class Cache extends pulumi.ComponentResource {
  /** Connection URL as containers see it. */
  readonly url: pulumi.Output<string>;
  readonly service: Service;

  constructor(name: string, args: StoreArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Cache", name, {}, opts);
    const { engine, image, fillerImage, secrets } = args;
    const files = new RoleFiles(
      `${name}-files`,
      {
        engine,
        role: "redis",
        uid: 10003,
        image: fillerImage,
        files: { redis_password: secrets.cache },
        fingerprintKey: secrets.fingerprint,
      },
      { parent: this },
    );
    const data = new DataVolume(`${name}-data`, { engine, role: "redis" }, { parent: this });
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "redis",
        image,
        files,
        volumes: { "/data": data.volumeName },
        networks: networksFor(args),
        ports: onLoopback(args.hostPort, 6379),
        healthcheck: ["/usr/local/bin/healthcheck"],
        memory: memoryLimits.redis,
        stopGrace: 30,
      },
      { parent: this },
    );
    this.url = pulumi.secret(pulumi.interpolate`redis://:${secrets.cache}@redis:6379`);
    this.registerOutputs({ url: this.url });
  }
}

function onLoopback(hostPort: number | null | undefined, internal: number): { internal: number; external: number; ip: string }[] {
  return hostPort === null || hostPort === undefined ? [] : [{ internal, external: hostPort, ip: loopback }];
}

function networksFor({ network, publicNetwork, hostPort }: StoreArgs): pulumi.Input<string>[] {
  return hostPort === null || hostPort === undefined ? [network] : [network, publicNetwork];
}
