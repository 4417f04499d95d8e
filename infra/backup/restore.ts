import type * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../core/script.ts";
import { HostScript } from "../hosts/host-script.ts";
import type { Host } from "../hosts/host.ts";

/** A dump of one database in pg_dump's custom format, on the host. */
export interface DatabaseBackup {
  /** Absolute path. */
  readonly file: pulumi.Input<string>;
  /** Of the file, hexadecimal: another file is refused before anything is touched. */
  readonly sha256: pulumi.Input<string>;
}

/** A database as an account sees it that may make and rename databases. */
export interface DatabaseServer {
  /** As seen from the host: a name, an address, or the folder of the socket. */
  readonly address: pulumi.Input<string>;
  readonly port: pulumi.Input<number>;
  readonly user: pulumi.Input<string>;
  readonly password: pulumi.Input<string>;
  readonly database: pulumi.Input<string>;
}

export interface RestoreArgs {
  readonly host: Host;
  readonly server: DatabaseServer;
  readonly backup: DatabaseBackup;
}

/**
 * Puts a backup in the place of a database. What was there is kept as DATABASE_before_HASH; a restore that fails leaves it where
 * it was, and one that has happened is not repeated, whatever was written since.
 */
export function restore(name: string, { host, server, backup }: RestoreArgs, opts?: pulumi.ComponentResourceOptions): HostScript {
  const script = scriptText(import.meta.url, "scripts/restore-database.sh");
  return new HostScript(name, { host, script, input: { ...server, ...backup } }, opts);
}
