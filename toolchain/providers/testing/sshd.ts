import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { opensshPrivateKey, sshPublicKey } from "../openssh-key.ts";

const program = "/usr/sbin/sshd";

/** A real OpenSSH server of our own on a loopback port, with a host key and one user key made for it. */
export class TestSshd {
  readonly directory: string;
  readonly port: number;
  readonly user = userInfo().username;
  /** The server's public key, authorized_keys form. */
  readonly hostKey: string;
  /** Private key that it accepts. */
  readonly privateKey: string;
  #process: ChildProcess | undefined;
  #log = "";

  private constructor(directory: string, port: number, hostKey: string, privateKey: string) {
    this.directory = directory;
    this.port = port;
    this.hostKey = hostKey;
    this.privateKey = privateKey;
  }

  /** Prepares the server; it listens only after `start`. */
  static async create(): Promise<TestSshd> {
    if (!existsSync(program)) throw new Error(`${program}: got none; needs OpenSSH's server. apt-get install openssh-server`);
    const directory = await mkdtemp(join(tmpdir(), "fidus-sshd-"));
    const [host, client] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
    await writeFile(join(directory, "host_key"), opensshPrivateKey(host.privateKey), { mode: 0o600 });
    await writeFile(join(directory, "authorized_keys"), sshPublicKey(client.publicKey), { mode: 0o600 });
    const port = await getPort();
    const lines = [
      `Port ${port}`,
      "ListenAddress 127.0.0.1",
      `HostKey ${directory}/host_key`,
      `AuthorizedKeysFile ${directory}/authorized_keys`,
      "StrictModes no", // the folder lies under a world-writable one
      "UsePAM no",
      "PasswordAuthentication no",
      "PermitRootLogin prohibit-password",
      "PidFile none",
      "AcceptEnv FIDUS_* PULUMI_COMMAND_*",
      "Subsystem sftp internal-sftp",
    ];
    await writeFile(join(directory, "config"), `${lines.join("\n")}\n`);
    return new TestSshd(directory, port, sshPublicKey(host.publicKey).trim(), opensshPrivateKey(client.privateKey));
  }

  /** Starts listening; resolves when the server says so. */
  async start(): Promise<void> {
    if (process.getuid?.() === 0) await mkdir("/run/sshd", { recursive: true }); // its privilege separation folder
    const child = spawn(program, ["-D", "-e", "-f", join(this.directory, "config")], { stdio: ["ignore", "ignore", "pipe"] });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      child.stderr.on("data", (chunk: Buffer) => {
        this.#log += chunk.toString();
        if (this.#log.includes("Server listening")) resolve();
      });
      child.once("error", reject);
      child.once("exit", () => reject(new Error(`sshd ended: ${this.#log}`)));
    });
  }

  /** What the server has logged. */
  get log(): string {
    return this.#log;
  }

  /** TypeScript source of a connection to this server. */
  connection(changes: Readonly<Record<string, unknown>> = {}): string {
    const { port, user, hostKey, privateKey } = this;
    return JSON.stringify({ host: "127.0.0.1", port, user, hostKey, privateKey, ...changes });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process?.kill("SIGTERM");
    await rm(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** A public key that no server here has, authorized_keys form. */
export function otherHostKey(): string {
  return sshPublicKey(generateKeyPairSync("ed25519").publicKey).trim();
}
