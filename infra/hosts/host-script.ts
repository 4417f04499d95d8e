import { Command } from "@pulumi/command/remote/command.js";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Host } from "./host.ts";

export interface HostScriptArgs {
  readonly host: Host;
  /** Text of a bash script: reads JSON from stdin, prints one JSON line at last, and succeeds only when the state holds. */
  readonly script: string;
  /** What the script reads. Kept secret as a whole: it never is an argument, and no log shows it. */
  readonly input: pulumi.Input<Readonly<Record<string, pulumi.Input<string | number>>>>;
}

/** What a host script says at its end. */
export interface ScriptResult {
  readonly changed: boolean;
  /** Of the state that holds now. */
  readonly version: string;
}

const result = z.object({ changed: z.boolean(), version: z.string() });

/** A script that was run as root on a host, over SSH with the pinned key. It runs again when it, its input or the machine changes. */
export class HostScript extends pulumi.ComponentResource {
  readonly result: pulumi.Output<ScriptResult>;

  constructor(name: string, { host, script, input }: HostScriptArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:HostScript", name, {}, opts);
    const { address, port, user, hostKey, privateKey, machine } = host;
    const run = new Command(
      `${name}-run`,
      {
        connection: { host: address, port, user, hostKey, privateKey },
        create: asRoot(user, script),
        stdin: pulumi.secret(pulumi.jsonStringify(input)),
        triggers: [machine],
      },
      { parent: this },
    );
    // The output of a command with a secret is secret; these two fields are made to be shown.
    const said = run.stdout.apply((text) => result.parse(JSON.parse(text.trim().split("\n").at(-1) ?? "")));
    this.result = pulumi.unsecret(said);
    this.registerOutputs({ result: this.result });
  }
}

function asRoot(user: string, script: string): string {
  const quoted = `'${script.replaceAll("'", `'\\''`)}'`;
  return user === "root" ? `bash -c ${quoted}` : `sudo --non-interactive bash -c ${quoted}`;
}
