import { setTimeout as pause } from "node:timers/promises";
import { namePrefix } from "../../infra/core/naming.ts";
import type { CertificateSource } from "../../infra/config/keys/domain.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";
import type { Step } from "../progress.ts";
import { openRequest, type Reach } from "../reach.ts";
import { sshConnection, sshMachine } from "../ssh-tunnel.ts";

interface Stack {
  readonly installation: string;
  readonly stack: string;
}

interface DomainSettings {
  readonly domain: string | null;
  readonly bindAddress: string;
  readonly dockerHost: string;
  readonly certificate: CertificateSource;
  readonly acmeCa: string | null;
}

/** Longest wait for a first certificate: public servers answer within a minute. */
const limitMs = 180_000;

/**
 * How the stack's URL is asked from this host: at the address the proxy is published on, because a domain may point elsewhere
 * (a router, another network) or nowhere yet; on the engine's machine where that one is reached over SSH. Trusted beside the
 * system's authorities: the given chain, or acmeCa.
 */
export async function reachOf(
  docker: Docker,
  stack: Stack,
  url: string,
  settings: DomainSettings,
  env: NodeJS.ProcessEnv,
): Promise<Reach> {
  const { domain, certificate, acmeCa } = settings;
  const way = wayTo(settings, env);
  if (domain === null) return { url, ...way, trusted: [] };
  if (certificate === "acme") return { url, ...way, trusted: acmeCa === null ? [] : [acmeCa] };
  const chain = await docker(["exec", `${namePrefix(stack)}-proxy`, "cat", "/run/fidus/tls.crt"]);
  return { url, ...way, trusted: [chain] };
}

function wayTo({ bindAddress, dockerHost }: DomainSettings, env: NodeJS.ProcessEnv): Pick<Reach, "address" | "connect"> {
  const address = bindAddress.replace("0.0.0.0", "127.0.0.1");
  const machine = sshMachine(dockerHost);
  if (machine !== null) return { address, connect: (to, port) => sshConnection(machine, env, to, port) };
  return { address: dockerHost.startsWith("unix:") ? address : null };
}

/**
 * Waits until the proxy serves a certificate that verifies. Throws CliError exit 1 with what the ACME client saw when an
 * attempt failed, or after three minutes.
 */
export async function awaitCertificate(ctx: CliContext, docker: Docker, stack: Stack, reach: Reach, step: Step): Promise<void> {
  const container = `${namePrefix(stack)}-acme`;
  if ((await verifies(reach, ctx.signal)) === null) return step.update("unchanged");
  // An earlier failure makes the client wait for hours; whoever runs `up` has mended something.
  await docker(["exec", container, "acme-now"]);
  const end = performance.now() + limitMs;
  for (;;) {
    const problem = await verifies(reach, ctx.signal);
    if (problem === null) return;
    const attempt = await docker(["exec", container, "cat", "/var/lib/acme/failed"]).catch(() => null);
    if (attempt !== null || performance.now() > end) throw notIssued(reach, attempt ?? problem);
    await pause(1000, undefined, { signal: ctx.signal });
  }
}

/** null = a request over verified TLS was answered; else why not. */
async function verifies(reach: Reach, signal: AbortSignal): Promise<string | null> {
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(10_000)]);
    (await openRequest(reach, "/", { method: "GET", signal: limit })).destroy();
    return null;
  } catch (error) {
    signal.throwIfAborted();
    return error instanceof Error ? error.message : String(error);
  }
}

function notIssued({ url }: Reach, reason: string): CliError {
  const name = new URL(url).hostname;
  const said = reason.trim().split("\n").slice(-15).join("\n");
  return new CliError(
    `The product is up, but ${name} has no certificate that verifies: its name must lead to this machine, and its port 80 to httpPort.\n${said}`,
    { code: "no-certificate", fix: "./fidus logs community acme" },
  );
}
