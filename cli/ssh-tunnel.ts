import { spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { publishedPorts } from "../infra/config/published-ports.ts";

/** The machine of an engine at `ssh://user@host:port`, as the ssh command is told. */
export interface SshMachine {
  /** What follows `ssh` on a command line that people read: `-p 2222 root@box`. */
  readonly destination: string;
  readonly args: readonly string[];
}

/** null for an engine that is not reached over SSH. */
export function sshMachine(dockerHost: string): SshMachine | null {
  if (!dockerHost.startsWith("ssh://")) return null;
  const { hostname, port, username } = new URL(dockerHost);
  const host = hostname.replace(/^\[|\]$/g, "");
  const user = decodeURIComponent(username);
  return {
    destination: [...(port === "" ? [] : ["-p", port]), user === "" ? host : `${user}@${host}`].join(" "),
    args: [...(user === "" ? [] : ["-l", user]), ...(port === "" ? [] : ["-p", port]), "--", host],
  };
}

/**
 * Command that brings the published ports here from the loopback of an engine's machine; null where there is nothing to bring:
 * with a domain, on an address of the network, or with an engine of this machine.
 */
export function tunnelCommand(settings: Parameters<typeof publishedPorts>[0] & { readonly dockerHost: string }): string | null {
  const machine = sshMachine(settings.dockerHost);
  const ports = publishedPorts(settings).filter(({ key, address }) => address.startsWith("127.") && !/^https?Port$/.test(key));
  if (machine === null || ports.length === 0) return null;
  return `ssh -N ${ports.map(({ address, port }) => `-L ${port}:${address}:${port}`).join(" ")} ${machine.destination}`;
}

/**
 * A connection to `address:port` as seen from the engine's machine, through the same ssh command, keys and known hosts as the
 * docker command uses. Fails with what ssh said.
 */
export function sshConnection({ args }: SshMachine, env: NodeJS.ProcessEnv, address: string, port: number): Duplex {
  const target = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const child = spawn("ssh", ["-o", "ConnectTimeout=30", "-T", "-W", target, ...args], { env });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
  child.stdin.on("error", () => undefined); // Why it broke is told by the end of ssh.
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk, encoding, done) => void child.stdin.write(chunk, encoding, () => done()),
    final: (done) => void child.stdin.end(done),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdout.on("data", (chunk: Buffer) => void (stream.push(chunk) || child.stdout.pause()));
  child.once("error", (error) => stream.destroy(error));
  child.once("close", (code) => {
    if (code === 0) stream.push(null);
    else stream.destroy(new Error(`ssh: ${said.trim() || `ended with ${code ?? "a signal"}`}`));
  });
  return stream;
}
