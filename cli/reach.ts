import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { getCACertificates } from "node:tls";

/** How the product's public URL is asked from this host. Certificates are always verified. */
export interface Reach {
  /** Base URL as people reach it. */
  readonly url: string;
  /** Address to connect to in place of what the URL's name resolves to, which may be nothing yet; null: as it resolves. */
  readonly address: string | null;
  /** PEM certificates trusted beside the system's. */
  readonly trusted: readonly string[];
}

export interface ReachRequest {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
}

/** Sends one request and resolves with the head of its answer. Rejects when there is no connection, no trust or no answer. */
export function openRequest(
  reach: Reach,
  path: string,
  { method, headers = {}, body, signal }: ReachRequest,
): Promise<IncomingMessage> {
  const url = new URL(path, reach.url);
  const common: RequestOptions = { method, headers: { "user-agent": "fidus", ...headers }, signal, agent: false };
  if (reach.address !== null) common.lookup = always(reach.address);
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === "https:"
        ? tlsRequest(url, {
            ...common,
            rejectUnauthorized: true,
            ca: [...getCACertificates("default"), ...reach.trusted],
            // A given chain may end below a root that only its owner has.
            allowPartialTrustChain: true,
          })
        : plainRequest(url, common);
    request.once("response", resolve).once("error", reject).end(body);
  });
}

/** The name stays in SNI, Host and verification; only the address is another. */
function always(address: string): LookupFunction {
  const family = isIP(address);
  return (_name, options, callback) =>
    options.all === true ? callback(null, [{ address, family }]) : callback(null, address, family);
}
