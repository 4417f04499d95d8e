import { Network } from "@pulumi/docker/network.js";
import * as pulumi from "@pulumi/pulumi";
import { labelsFor, namePrefix } from "../core/naming.ts";
import type { Engine } from "./engine.ts";

export interface NetworksArgs {
  readonly engine: Engine;
}

/** Two networks: `data` reaches nothing outside, `edge` carries what must be reached or reach out. */
export class Networks extends pulumi.ComponentResource {
  readonly data: pulumi.Output<string>;
  readonly edge: pulumi.Output<string>;

  constructor(name: string, { engine }: NetworksArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Networks", name, {}, opts);
    const network = (role: "data" | "edge"): Network =>
      new Network(
        `${name}-${role}`,
        {
          name: `${namePrefix(engine.identity)}-${role}`,
          driver: "bridge",
          internal: role === "data",
          labels: asLabels(labelsFor(engine.identity, role)),
        },
        { parent: this, provider: engine.provider, deleteBeforeReplace: true },
      );
    this.data = network("data").name;
    this.edge = network("edge").name;
    this.registerOutputs({ data: this.data, edge: this.edge });
  }
}

/** The provider's form of labels: a list, sorted by the table that made it. */
export function asLabels(labels: Readonly<Record<string, string>>): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}
