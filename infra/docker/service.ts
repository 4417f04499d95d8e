import { Container } from "@pulumi/docker/container.js";
import type { input } from "@pulumi/docker/types/index.js";
import * as pulumi from "@pulumi/pulumi";
import { labelsFor, namePrefix } from "../core/naming.ts";
import type { Engine } from "./engine.ts";
import { asLabels } from "./networks.ts";
import type { RoleFiles } from "./role-files.ts";

export interface ServiceArgs {
  readonly engine: Engine;
  /** What it does: network name, label and last part of the name (a replica adds its number). */
  readonly role: string;
  /** @default none: the only one of its role */
  readonly replica?: number;
  readonly image: string;
  /** Arguments to the image's entry point. @default none */
  readonly command?: readonly string[];
  /** Plain settings; secrets go into `files`. @default none */
  readonly environment?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Mounted read-only at /run/fidus. @default none */
  readonly files?: RoleFiles;
  /** Writable named volumes: path to volume name. @default none */
  readonly volumes?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Read-only named volumes: path to volume name. @default none */
  readonly readOnlyVolumes?: Readonly<Record<string, pulumi.Input<string>>>;
  readonly networks: readonly pulumi.Input<string>[];
  /** Names on these networks. @default the role */
  readonly aliases?: readonly string[];
  /** Host ports. @default none */
  readonly ports?: readonly { readonly internal: number; readonly external: number; readonly ip: string }[];
  /** Paths in memory beside /tmp. @default none */
  readonly tmpfs?: readonly string[];
  /** Extra host names. @default none */
  readonly hosts?: readonly { readonly host: string; readonly ip: string }[];
  /** Command that exits 0 when the service works. */
  readonly healthcheck: readonly string[];
  /** Memory limit, megabytes; swap is not added to it. */
  readonly memory: number;
  /** Seconds between the stop signal and the kill. @default 15 */
  readonly stopGrace?: number;
  /** Seconds it may take until healthy. @default 120 */
  readonly startLimit?: number;
}

/** A hardened container that counts as made only once it is healthy. */
export class Service extends pulumi.ComponentResource {
  readonly containerName: pulumi.Output<string>;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Service", name, {}, opts);
    const { engine, role, replica, aliases = [role], stopGrace = 15, startLimit = 120 } = args;
    const visible = replica === undefined ? role : `${role}-${replica}`;
    const container = new Container(
      `${name}-container`,
      {
        name: `${namePrefix(engine.identity)}-${visible}`,
        image: args.image,
        ...(args.command === undefined ? {} : { command: [...args.command] }),
        envs: environmentList(args.environment ?? {}),
        labels: labelList(args),
        networksAdvanced: args.networks.map((network) => ({ name: network, aliases: [...aliases] })),
        volumes: mounts(args),
        ports: (args.ports ?? []).map((port) => ({ ...port, protocol: "tcp" })),
        hosts: (args.hosts ?? []).map((host) => ({ ...host })),
        tmpfs: Object.fromEntries(["/tmp", ...(args.tmpfs ?? [])].map((path) => [path, "mode=1777,nosuid,nodev"])),
        healthcheck: probe(args.healthcheck, engine.major),
        memory: args.memory,
        memorySwap: args.memory,
        restart: "unless-stopped",
        init: true,
        readOnly: true,
        capabilities: { drops: ["ALL"] },
        securityOpts: ["no-new-privileges:true"],
        logDriver: "json-file",
        logOpts: { "max-size": "10m", "max-file": "3" },
        stopTimeout: stopGrace,
        destroyGraceSeconds: stopGrace,
        wait: true,
        waitTimeout: startLimit,
      },
      {
        parent: this,
        provider: engine.provider,
        deleteBeforeReplace: true, // the name and the host ports are taken until the old one is gone
        // The provider reports these as an update that never reaches the container, and forgets a failed wait.
        replaceOnChanges: ["healthcheck", "tmpfs", "init", "#initerror"],
      },
    );
    this.containerName = container.name;
    this.registerOutputs({ containerName: this.containerName });
  }
}

function environmentList(environment: Readonly<Record<string, pulumi.Input<string>>>): pulumi.Input<string>[] {
  return Object.entries(environment)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => pulumi.interpolate`${key}=${value}`);
}

function labelList({ engine, role, files }: ServiceArgs): pulumi.Input<{ label: string; value: pulumi.Input<string> }>[] {
  const labels = asLabels(labelsFor(engine.identity, role));
  // New files are read at start: a new fingerprint makes a new container.
  return files === undefined ? labels : [...labels, { label: "fidus.files", value: files.fingerprint }];
}

function mounts({ files, volumes = {}, readOnlyVolumes = {} }: ServiceArgs): input.ContainerVolume[] {
  const readOnly = Object.entries({ ...readOnlyVolumes, ...(files === undefined ? {} : { "/run/fidus": files.volumeName }) });
  return [
    ...Object.entries(volumes).map(([containerPath, volumeName]) => ({ containerPath, volumeName })),
    ...readOnly.map(([containerPath, volumeName]) => ({ containerPath, volumeName, readOnly: true })),
  ];
}

/** Every 2 s until healthy, then every 10 s: by the engine where it can, else by a check that pauses before it asks. */
export function probe(command: readonly string[], major: number): input.ContainerHealthcheck {
  const always = { retries: 5, startPeriod: "1m0s" };
  return major >= 25
    ? { ...always, tests: ["CMD", ...command], timeout: "5s", interval: "10s", startInterval: "2s" }
    : { ...always, tests: ["CMD", "/usr/local/bin/paced", "8", ...command], timeout: "13s", interval: "2s" };
}
