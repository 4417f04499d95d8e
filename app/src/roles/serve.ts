import { createServer, type RequestListener } from "node:http";
import { close, listen, stopSignal, type Lifecycle } from "../lifecycle.ts";
import type { Logger } from "../log.ts";
import type { Handover } from "../http/handover.ts";
import { createMetricsServer, type Metrics } from "../http/metrics.ts";

export interface Service {
  readonly handler: RequestListener;
  readonly port: number;
  /** Address of both ports; null: every one. */
  readonly address: string | null;
  readonly log: Logger;
  readonly lifecycle: Lifecycle;
  /** Seconds that open answers get after SIGTERM. */
  readonly graceSeconds: number;
  /** Sends new work to other replicas at SIGTERM. @default null: the port stays open and says 503 */
  readonly handover?: Handover | null;
  readonly metrics?: { readonly metrics: Metrics; readonly port: number };
  /** Runs once the port is open. */
  readonly onListening?: () => void;
  /** Begins with the drain and is waited for: stops what takes work by itself. */
  readonly onDraining?: () => Promise<void>;
  /** Releases what the handler used. */
  readonly onClosed: () => Promise<void>;
}

/**
 * Serves until SIGTERM or SIGINT, then drains: readiness says 503 and new work is refused or handed over while open answers finish;
 * after the grace they are ended with an error. Resolves to exit code 0.
 */
export async function serve(service: Service): Promise<number> {
  const { log, lifecycle, address } = service;
  const server = createServer(service.handler);
  // Longer than any proxy keeps idle connections, so that we never close one it is about to use.
  server.keepAliveTimeout = 75_000;
  server.headersTimeout = 80_000;
  server.requestTimeout = 0;
  const stop = stopSignal(log);
  const port = await listen(server, service.port, address);
  const metricsServer = service.metrics && createMetricsServer(service.metrics.metrics.registry);
  const metricsPort = metricsServer && (await listen(metricsServer, service.metrics.port, address));
  log.info({ port, metricsPort }, "listening");
  service.onListening?.();
  await stop;
  const drained = lifecycle.drain(service.graceSeconds * 1000, service.handover?.leave(server));
  await Promise.all([drained, service.onDraining?.()]);
  await Promise.all([close(server), metricsServer && close(metricsServer)]);
  await service.onClosed();
  log.info("stopped");
  return 0;
}
