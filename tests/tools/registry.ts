import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A real image registry (Debian's docker-registry) on this machine, which engines take without TLS. */
export interface Registry {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** The digest under which it holds a tag; null when it does not. */
  digest(repository: string, tag: string): Promise<string | null>;
  /** Ends it and removes what it held. */
  close(): Promise<void>;
}

/** Starts an empty registry on `port`; resolves when it answers. */
export async function startRegistry(port: number): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "fidus-registry-"));
  const host = `127.0.0.1:${port}`;
  const config = {
    version: "0.1",
    log: { level: "error" },
    storage: { filesystem: { rootdirectory: join(folder, "data") } },
    http: { addr: host },
  };
  writeFileSync(join(folder, "config.yml"), JSON.stringify(config));
  const child = spawn("docker-registry", ["serve", join(folder, "config.yml")], { stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()).once("error", () => resolve()));
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const limit = performance.now() + 60_000;
  while (!(await answers(`http://${host}/v2/`))) {
    if (performance.now() < limit && child.exitCode === null && child.pid !== undefined) continue;
    await close();
    throw new Error(`the registry at ${host} does not answer`);
  }
  return {
    host,
    async digest(repository, tag) {
      const accept = "application/vnd.docker.distribution.manifest.v2+json";
      const response = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, { method: "HEAD", headers: { accept } });
      return response.ok ? response.headers.get("docker-content-digest") : null;
    },
    close,
  };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url).catch(() => null);
  if (response === null) await new Promise((resolve) => setTimeout(resolve, 100));
  return response !== null;
}
