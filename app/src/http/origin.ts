import type { Request } from "express";

/** The origins that a browser may name. */
export interface OriginConfig {
  readonly publicUrl: URL;
  readonly corsOrigins: readonly string[];
}

/** Where a browser says a request comes from: our page (or an allowed origin), elsewhere; or it says nothing. */
export type Sender = "own" | "foreign" | "unknown";

/**
 * Judges by what the browser itself writes: scripts cannot change these headers. Our page is the public URL, and, where there is
 * no domain, whichever address of this machine the page was opened at.
 */
export function senderOf(req: Pick<Request, "headers" | "protocol">, { publicUrl, corsOrigins }: OriginConfig): Sender {
  const { origin, host = "", "sec-fetch-site": site } = req.headers;
  if (site === "same-origin") return "own";
  if (origin === undefined) return site === undefined ? "unknown" : "foreign";
  if (origin === publicUrl.origin || corsOrigins.includes(origin)) return "own";
  return origin === `${req.protocol}://${host}` && homeHost.test(host) ? "own" : "foreign";
}

/**
 * An address, or a name that the public DNS gives to nobody: any other could be a stranger's, led to this machine so that
 * the stranger's page counts as ours (DNS rebinding).
 */
const homeHost = /^(\[[0-9a-f:.]+\]|[0-9.]+|([^.:]+\.)*(local|lan|internal|home\.arpa)|[^.:]+)(:\d+)?$/i;
