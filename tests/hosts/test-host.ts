import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { lines } from "../../cli/containers.ts";

import { eventually } from "../../infra/core/eventually.ts";
import { isAlive } from "../../infra/core/process.ts";
import { dockerCli, type Docker } from "../../infra/images/docker-cli.ts";
import { readHostSettings } from "../../infra/images/host-settings.ts";
import { opensshPrivateKey, sshPublicKey } from "../../toolchain/providers/openssh-key.ts";
import { end, type Ended } from "../docker/product.ts";
import { rootImage } from "./root-image.ts";

export interface TestHostOptions {
  /** Its host name. */
  readonly name: string;
  /** Debian packages that it has from the beginning, beside those of every host. @default none */
  readonly packages?: readonly string[];
  /** What runs as its first program: systemd, or no init at all, only an SSH server. @default "systemd" */
  readonly init?: "systemd" | "none";
  /** What it sees of this machine, read-only: path there to path here. @default nothing */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** What a machine may do that a container may not. Not `--privileged`, which asks for more than some machines have to give. */
const capabilities = "SYS_ADMIN NET_ADMIN NET_RAW SYS_PTRACE DAC_READ_SEARCH SYS_NICE IPC_LOCK MKNOD".split(" ");
const bootLimitMs = 120_000;

/**
 * A Debian 13 machine reached over SSH: a container of this machine's engine that boots systemd, with an address, an SSH host
 * key and a data root for an engine of its own. Nothing in it came from an image of ours.
 */
export class TestHost implements AsyncDisposable {
  readonly id: string;
  readonly address: string;
  readonly user = "root";
  /** Its public SSH host key, authorized_keys form. */
  readonly hostKey: string;
  /** Private key that it accepts, OpenSSH form. */
  readonly privateKey: string;
  /** Environment whose `ssh` knows this host's key and is known to it, as an operator's own configuration would. */
  readonly env: NodeJS.ProcessEnv;
  readonly #docker: Docker;
  readonly #folder: string;

  private constructor(docker: Docker, folder: string, id: string, address: string, keys: Keys) {
    this.#docker = docker;
    this.#folder = folder;
    this.id = id;
    this.address = address;
    this.hostKey = keys.hostKey;
    this.privateKey = keys.privateKey;
    this.env = { ...process.env, PATH: [join(folder, "bin"), process.env["PATH"]].join(delimiter) };
  }

  /** Starts a host and waits until it has booted and its SSH server lets us in. */
  static async start({ name, packages = [], init = "systemd", mounts = {} }: TestHostOptions): Promise<TestHost> {
    const docker = dockerCli();
    await removeAbandoned(docker);
    const image = await rootImage(docker, packages);
    const folder = mkdtempSync(join(tmpdir(), `fidus-host-${name}-`));
    const keys = await writeKeys(folder);
    const binds = { ...mounts, "/fidus-test": join(folder, "machine") };
    const id = await docker([
      ...["run", "--detach", "--hostname", name, "--label", "fidus.test=hosts", "--label", `fidus.test.process=${ownProcess}`],
      ...capabilities.flatMap((capability) => ["--cap-add", capability]),
      ...["--device-cgroup-rule", "a *:* rwm", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined"],
      ...["--cgroupns", "private", "--tmpfs", "/run", "--tmpfs", "/run/lock", "--tmpfs", "/tmp:exec"],
      // An engine inside needs a file system that is no overlay: a volume of its own, which leaves with the container.
      ...["--volume", "/var/lib/docker", "--volume", "/var/lib/containerd"],
      ...Object.entries(binds).flatMap(([there, here]) => ["--volume", `${here}:${there}:ro`]),
      // Without systemd somebody else must wait for orphans.
      ...(init === "none" ? ["--init"] : []),
      ...[image, "sh", "/fidus-test/boot.sh", init],
    ]).then((printed) => printed.trim());
    const address = (await docker(["inspect", "--format", "{{.NetworkSettings.IPAddress}}", id])).trim();
    const host = new TestHost(docker, folder, id, address, keys);
    try {
      await writeSshConfig(folder, address, keys);
      await host.#booted(init);
      return host;
    } catch (error) {
      const said = await docker(["logs", "--tail", "20", id]).catch(String);
      await host.stop();
      throw new Error(`${String(error)}\n${said}`, { cause: error });
    }
  }

  async #booted(init: "systemd" | "none"): Promise<void> {
    const check = init === "systemd" ? "systemctl is-system-running" : "echo running";
    const booted = async (): Promise<true | null> => ((await this.exec(check)).stdout.trim() === "running" ? true : null);
    await eventually(`${this.address} has booted`, booted, bootLimitMs);
  }

  /** Runs a shell command as root over SSH. A failure is a result; a host that cannot be reached is exit 255. */
  exec(command: string, input?: string): Promise<Ended> {
    const given = input === undefined ? ({ stdin: "ignore" } as const) : { input };
    return end(execa("ssh", [this.address, command], { env: this.env, reject: false, ...given }));
  }

  /** Standard output of a shell command that must succeed. */
  async run(command: string, input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.exec(command, input);
    if (code !== 0) throw new Error(`${command} on ${this.address} ended with ${code}:\n${stdout}\n${stderr}`);
    return stdout;
  }

  /** Copies files of this machine into a folder there: their paths relative to `from`. */
  async copy(from: string, files: readonly string[], to: string): Promise<void> {
    const pack = "tar --create --null --files-from - | ssh \"$1\" \"mkdir -p '$2' && tar --extract --directory '$2'\"";
    await execa("sh", ["-c", pack, "sh", this.address, to], { cwd: from, env: this.env, input: files.join("\0") });
  }

  /** Gives its engine copies of images that this machine's engine has. */
  async loadImages(images: readonly string[]): Promise<void> {
    const load = 'address=$1; shift; docker save "$@" | ssh "$address" docker load --quiet';
    await execa("sh", ["-c", load, "sh", this.address, ...images], { env: this.env, stdin: "ignore" });
  }

  /** Ends the host and removes what it was made of. */
  async stop(): Promise<void> {
    await this.#docker(["rm", "--force", "--volumes", this.id]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}

interface Keys {
  readonly hostKey: string;
  readonly privateKey: string;
}

/** Keys made for one host: what it boots with is in the folder `machine`. */
async function writeKeys(folder: string): Promise<Keys> {
  const machine = join(folder, "machine");
  await mkdir(machine);
  const [host, client] = [generateKeyPairSync("ed25519"), generateKeyPairSync("ed25519")];
  const privateKey = opensshPrivateKey(client.privateKey);
  await writeFile(join(machine, "ssh_host_ed25519_key"), opensshPrivateKey(host.privateKey), { mode: 0o600 });
  await writeFile(join(machine, "authorized_keys"), sshPublicKey(client.publicKey));
  await copyFile(join(import.meta.dirname, "boot.sh"), join(machine, "boot.sh"));
  const { certificates } = await readHostSettings(process.env);
  if (certificates !== null) await writeFile(join(machine, "ca.crt"), certificates);
  await writeFile(join(folder, "key"), privateKey, { mode: 0o600 });
  return { hostKey: sshPublicKey(host.publicKey).trim(), privateKey };
}

/** OpenSSH looks for its configuration in the home folder of the password file, not in $HOME: the command itself must bring it. */
async function writeSshConfig(folder: string, address: string, { hostKey }: Keys): Promise<void> {
  const at = (name: string): string => join(folder, name);
  const config = [
    `Host ${address}`,
    "User root",
    `IdentityFile ${at("key")}`,
    "IdentitiesOnly yes",
    `UserKnownHostsFile ${at("known_hosts")}`,
    "GlobalKnownHostsFile none",
    "StrictHostKeyChecking yes",
    "BatchMode yes",
  ];
  await writeFile(at("config"), `${config.join("\n  ")}\n`);
  await writeFile(at("known_hosts"), `${address} ${hostKey}\n`);
  const { stdout: program } = await execa("sh", ["-c", "command -v ssh"]);
  await mkdir(at("bin"));
  await writeFile(at("bin/ssh"), `#!/bin/sh\nexec ${program} -F ${at("config")} "$@"\n`, { mode: 0o755 });
}

const ownProcess = `${hostname()}:${process.pid}`;

/** Removes hosts whose test was killed. */
async function removeAbandoned(docker: Docker): Promise<void> {
  const format = '{{.ID}}\t{{.Label "fidus.test.process"}}';
  for (const row of lines(await docker(["ps", "--all", "--filter", "label=fidus.test=hosts", "--format", format]))) {
    const [id = "", owner = ""] = row.split("\t");
    const [machine, pid] = owner.split(":");
    if (machine === hostname() && !isAlive(Number(pid))) await docker(["rm", "--force", "--volumes", id]);
  }
}
