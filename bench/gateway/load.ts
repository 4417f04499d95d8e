import { Pool } from "undici";
import type { Contender } from "./contenders.ts";

/** What a closed loop of callers saw, and what it cost the gateway. */
export interface Load {
  readonly perSecond: number;
  /** Milliseconds of each request, sorted; to the first byte of a stream. */
  readonly latencies: readonly number[];
  /** CPU time of the gateway per request. */
  readonly cpuMicros: number;
}

type Target = Pick<Contender, "url" | "headers"> & Partial<Pick<Contender, "process">>;

interface Shape {
  readonly connections: number;
  readonly requests: number;
  readonly stream: boolean;
}

const messages = [{ role: "user", content: "Say twenty words about the weather in the north." }];

/** Asks `requests` questions over `connections` callers, each with one question at a time. @throws on any other answer than 200 */
export async function run({ url, headers, process }: Target, { connections, requests, stream }: Shape): Promise<Load> {
  const { origin, pathname: path } = new URL(url);
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const body = JSON.stringify({ model: "test-model", messages, max_tokens: 64, ...(stream ? { stream } : {}) });
  const head = { "content-type": "application/json", ...headers };
  const latencies: number[] = [];
  let left = requests;
  const caller = async (): Promise<void> => {
    while (left-- > 0) {
      const start = performance.now();
      const response = await pool.request({ method: "POST", path, headers: head, body });
      if (response.statusCode !== 200) throw new Error(`${url}: ${response.statusCode} ${await response.body.text()}`);
      let first = 0;
      for await (const _ of response.body) first ||= performance.now() - start;
      latencies.push(stream ? first : performance.now() - start);
    }
  };
  const cpuBefore = process?.cpuMicros() ?? 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, caller));
  const seconds = (performance.now() - start) / 1000;
  const cpuMicros = ((process?.cpuMicros() ?? 0) - cpuBefore) / requests;
  await pool.close();
  return { perSecond: requests / seconds, latencies: latencies.sort((a, b) => a - b), cpuMicros };
}

/** The value below which a share of sorted values lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
