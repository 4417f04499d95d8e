import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { text } from "node:stream/consumers";
import getPort from "get-port";
import { resolvePaths } from "../../cli/paths.ts";
import { openRequest } from "../../cli/reach.ts";
import { findGo } from "../../toolchain/go.ts";
import { createRun } from "../../toolchain/run.ts";

const run = promisify(execFile);
const module = "github.com/letsencrypt/pebble/v2";
const source = join(import.meta.dirname, "pebble");

export interface PebbleOptions {
  /** Address it listens on: one that the ACME client reaches. */
  readonly address: string;
  /** Port of 127.0.0.1 on which challenges are asked for, whatever the domain. */
  readonly challengePort: number;
  /** Life of what it issues, seconds. */
  readonly validity: number;
}

/** A real ACME server (Pebble) with a DNS of its own that leads every name to 127.0.0.1. */
export interface Pebble {
  readonly directory: string;
  /** PEM: the CA of its own TLS, then the root of what it issues. */
  readonly ca: string;
  /** Ends the ACME server alone. */
  stop(): Promise<void>;
  /** Ends everything and removes its files. */
  close(): Promise<void>;
}

/** Builds what is missing and starts both servers on free ports; resolves when they answer. */
export async function startPebble({ address, challengePort, validity }: PebbleOptions): Promise<Pebble> {
  const programs = await builtPrograms();
  const folder = mkdtempSync(join(tmpdir(), "fidus-pebble-"));
  const tlsCa = await makeCertificates(folder, address);
  const [port, managementPort, dnsPort, dnsManagement] = [
    await getPort({ host: address }),
    await getPort(),
    await getPort(),
    await getPort(),
  ];
  const config = {
    listenAddress: `${address}:${port}`,
    managementListenAddress: `127.0.0.1:${managementPort}`,
    certificate: join(folder, "tls.crt"),
    privateKey: join(folder, "tls.key"),
    httpPort: challengePort,
    tlsPort: 1,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
    retryAfter: { authz: 1, order: 1 },
    keyAlgorithm: "ecdsa",
    profiles: { default: { description: "short", validityPeriod: validity } },
  };
  writeFileSync(join(folder, "pebble.json"), JSON.stringify({ pebble: config }));
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", ""];
  const dns = spawn(
    join(programs, "pebble-challtestsrv"),
    ["-dnsserver", `127.0.0.1:${dnsPort}`, "-management", `127.0.0.1:${dnsManagement}`, "-defaultIPv4", "127.0.0.1", ...off],
    { stdio: "ignore" },
  );
  const acme = spawn(join(programs, "pebble"), ["-config", join(folder, "pebble.json"), "-dnsserver", `127.0.0.1:${dnsPort}`], {
    stdio: "ignore",
    env: { PEBBLE_VA_NOSLEEP: "1" },
  });
  const close = async (): Promise<void> => {
    await Promise.all([end(acme), end(dns)]);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await answers(`https://${address}:${port}/dir`, tlsCa, acme);
    const root = await answers(`https://127.0.0.1:${managementPort}/roots/0`, tlsCa, acme);
    return { directory: `https://${address}:${port}/dir`, ca: `${tlsCa.trim()}\n${root.trim()}\n`, stop: () => end(acme), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Folder with both programs of the version in go.mod; built once per version, into the cache. */
async function builtPrograms(): Promise<string> {
  const goMod = readFileSync(join(source, "go.mod"), "utf8");
  const version = new RegExp(`${module} (v\\S+)`).exec(goMod)?.[1] ?? "unknown";
  const paths = resolvePaths(process.env);
  const folder = join(paths.cache, "tests", `pebble-${version}`);
  if (existsSync(folder)) return folder;
  const partial = `${folder}.${process.pid}.partial`;
  await mkdir(partial, { recursive: true });
  const signal = AbortSignal.timeout(300_000);
  const go = await findGo(createRun({ paths: { root: paths.toolchain }, env: process.env, signal, log: () => undefined }));
  const targets = [`${module}/cmd/pebble`, `${module}/cmd/pebble-challtestsrv`];
  await run(go.bin, ["build", "-mod=readonly", "-buildvcs=false", "-trimpath", "-o", `${partial}/`, ...targets], {
    cwd: source,
    env: { ...process.env, ...go.env, CGO_ENABLED: "0", GOWORK: "off" },
    signal,
  });
  // Another run may have been faster.
  await rename(partial, folder).catch(() => rm(partial, { recursive: true, force: true }));
  return folder;
}

/** A CA and a TLS certificate of it for `address` and 127.0.0.1; returns the CA. */
async function makeCertificates(folder: string, address: string): Promise<string> {
  const at = (name: string): string => join(folder, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  await run("openssl", ["req", "-x509", ...key, "-subj", "/CN=Pebble test CA", "-keyout", at("ca.key"), "-out", at("ca.crt")]);
  const san = ["-addext", `subjectAltName=IP:${address},IP:127.0.0.1`, "-addext", "basicConstraints=CA:FALSE"];
  const signed = ["-CA", at("ca.crt"), "-CAkey", at("ca.key")];
  await run("openssl", [
    "req",
    "-x509",
    ...key,
    "-subj",
    "/CN=pebble",
    ...san,
    ...signed,
    "-keyout",
    at("tls.key"),
    "-out",
    at("tls.crt"),
  ]);
  return readFileSync(at("ca.crt"), "utf8");
}

/** The body at `url` once it answers 200, within 20 s; fails at once when the program ended. */
async function answers(url: string, ca: string, program: ChildProcess): Promise<string> {
  const reach = { url, address: null, trusted: [ca] };
  const deadline = performance.now() + 20_000;
  for (;;) {
    const response = await openRequest(reach, new URL(url).pathname, { method: "GET", signal: AbortSignal.timeout(2000) }).catch(
      (error: unknown) => error,
    );
    if (!(response instanceof Error) && isAnswer(response) && response.statusCode === 200) return text(response);
    if (program.exitCode !== null) throw new Error(`Pebble ended with ${program.exitCode}`);
    if (performance.now() > deadline)
      throw new Error(`${url} does not answer: ${isAnswer(response) ? await text(response) : String(response)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isAnswer(value: unknown): value is Awaited<ReturnType<typeof openRequest>> {
  return typeof value === "object" && value !== null && "statusCode" in value;
}

function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
