import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import http from "node:http";
import https from "node:https";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as delay } from "node:timers/promises";
import got, { HTTPError, type Agents, type Delays } from "got";
import { isDiskError, reasonOf } from "./errors.ts";
import type { ToolchainEvent, Run } from "./run.ts";

export type Algorithm = "sha1" | "sha256" | "sha512";

/** A file that could not be had. */
export class DownloadError extends Error {
  /** "file": the host answered and refused this one. "host": no use in asking it for another. */
  readonly scope: "file" | "host";

  constructor(scope: DownloadError["scope"], reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "DownloadError";
    this.scope = scope;
  }
}

/** Whether a host can be reached, within `limits.connectMs` and by one request: null, or why not. */
export async function unreachableReason(run: Run, url: string): Promise<string | null> {
  const { connectMs } = run.limits;
  try {
    const timeout: Delays = { ...connecting(run), request: connectMs * 2 };
    const { statusCode } = await got.head(url, {
      timeout,
      retry: { limit: 0 },
      throwHttpErrors: false,
      agent: agents(run),
      signal: run.signal,
    });
    // 404, 405, 501: there is a host; whether it has the file shows later.
    return statusCode < 400 || [404, 405, 501].includes(statusCode) ? null : `${hostOf(url)} answers ${statusCode}`;
  } catch (error) {
    run.signal.throwIfAborted();
    return `${hostOf(url)} cannot be reached (${reasonOf(error)})`;
  }
}

/** A short text. Throws DownloadError. */
export async function fetchText(run: Run, url: string): Promise<string> {
  const { stallMs, attempts } = run.limits;
  try {
    const timeout: Delays = { ...connecting(run), request: stallMs };
    return await got(url, {
      timeout,
      retry: { limit: attempts - 1, backoffLimit: 2000 },
      agent: agents(run),
      signal: run.signal,
    }).text();
  } catch (error) {
    run.signal.throwIfAborted();
    throw downloadError(url, error);
  }
}

/**
 * Streams a URL into `to` and returns the digests of what was written. The caller verifies and renames.
 * Throws DownloadError after `limits.attempts` tries; then `to` is gone.
 */
export async function fetchFile<A extends Algorithm>(
  run: Run,
  part: ToolchainEvent["part"],
  { url, to, algorithms }: { url: string; to: string; algorithms: readonly A[] },
): Promise<Record<A, string>> {
  await mkdir(dirname(to), { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetchOnce(run, part, { url, to, algorithms });
    } catch (error) {
      await rm(to, { force: true });
      run.signal.throwIfAborted();
      if (isDiskError(error)) throw error;
      const failure = downloadError(url, error);
      if (failure.scope === "file" || attempt >= run.limits.attempts) throw failure;
      run.log(part, "download", `${failure.message}; try ${attempt + 1} of ${run.limits.attempts}`);
      await delay(250 * 2 ** attempt, undefined, { signal: run.signal });
    }
  }
}

async function fetchOnce<A extends Algorithm>(
  run: Run,
  part: ToolchainEvent["part"],
  { url, to, algorithms }: { url: string; to: string; algorithms: readonly A[] },
): Promise<Record<A, string>> {
  const hashes = algorithms.map((name) => [name, createHash(name)] as const);
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      for (const [, hash] of hashes) hash.update(chunk);
      done(null, chunk);
    },
  });
  // `socket` is the stall limit: it starts anew with every byte.
  const timeout: Delays = { ...connecting(run), socket: run.limits.stallMs };
  const source = got.stream(url, {
    timeout,
    retry: { limit: 0 },
    decompress: false,
    strictContentLength: true,
    agent: agents(run),
    signal: run.signal,
  });
  reportProgress(run, part, source);
  await pipeline(source, meter, createWriteStream(to, { flush: true }));
  return Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest("hex")])) as Record<A, string>;
}

function reportProgress(run: Run, part: ToolchainEvent["part"], source: ReturnType<typeof got.stream>): void {
  let last = Number.NEGATIVE_INFINITY;
  source.on("downloadProgress", ({ transferred, total }: { transferred: number; total?: number }) => {
    const now = run.elapsedMs();
    if (now - last < 200 && transferred !== total) return;
    last = now;
    const percent = total === undefined || total === 0 ? null : Math.floor((transferred / total) * 100);
    const message = percent === null ? megabytes(transferred) : `${megabytes(transferred)} of ${megabytes(total ?? 0)}`;
    run.log(part, "download", message, { bytes: transferred, totalBytes: total ?? null, percent });
  });
}

function connecting({ limits: { connectMs } }: Run): Delays {
  return { lookup: connectMs, connect: connectMs, secureConnect: connectMs, response: connectMs * 2 };
}

/** Node's agents heed HTTPS_PROXY, HTTP_PROXY and NO_PROXY only when told to (`proxyEnv`, Node 24.5). */
function agents({ env }: Run): Agents {
  const options: http.AgentOptions & { proxyEnv: NodeJS.ProcessEnv } = { proxyEnv: env };
  return { http: new http.Agent(options), https: new https.Agent(options) };
}

/** A URL for messages and files: a mirror's user name and password stay out of them. */
export function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function downloadError(url: string, error: unknown): DownloadError {
  const status = error instanceof HTTPError ? error.response.statusCode : null;
  const refused = status !== null && status < 500 && status !== 408 && status !== 429;
  const reason = status === null ? `${shown(url)}: ${reasonOf(error)}` : `${shown(url)} answers ${status}`;
  return new DownloadError(refused ? "file" : "host", reason, { cause: error });
}

const hostOf = (url: string): string => new URL(url).host;
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
