import { request as plainRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as tlsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import { connect as tlsConnect, getCACertificates, type ConnectionOptions } from "node:tls";

/** How the product's public URL is asked from this host. Certificates are always verified. */
export interface Reach {
  /** Base URL as people reach it. */
  readonly url: string;
  /** Address to connect to in place of what the URL's name resolves to, which may be nothing yet; null: as it resolves. */
  readonly address: string | null;
  /** PEM certificates trusted beside the system's. */
  readonly trusted: readonly string[];
  /** Makes the connection where this host cannot. @default a connection of this host */
  readonly connect?: (address: string, port: number) => Duplex;
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
  const tls = url.protocol === "https:" ? tlsOptions(reach, url) : null;
  const options = { method, headers: { "user-agent": "fidus", ...headers }, signal, ...tls, ...connection(reach, url, tls) };
  return new Promise((resolve, reject) => {
    const request = tls === null ? plainRequest(url, options) : tlsRequest(url, options);
    request.once("response", resolve).once("error", reject).end(body);
  });
}

function tlsOptions({ trusted }: Reach, { hostname }: URL): ConnectionOptions {
  return {
    servername: isIP(hostname) === 0 ? hostname : "",
    rejectUnauthorized: true,
    ca: [...getCACertificates("default"), ...trusted],
    // A given chain may end below a root that only its owner has.
    allowPartialTrustChain: true,
  };
}

function connection({ address, connect }: Reach, url: URL, tls: ConnectionOptions | null): RequestOptions {
  if (connect === undefined) return { agent: false, ...(address === null ? {} : { lookup: always(address) }) };
  const port = Number(url.port === "" ? (tls === null ? 80 : 443) : url.port);
  return {
    createConnection: () => {
      const stream = connect(address ?? url.hostname, port);
      return tls === null ? stream : tlsConnect({ ...tls, socket: stream, host: url.hostname });
    },
  };
}

/** The name stays in SNI, Host and verification; only the address is another. */
function always(address: string): LookupFunction {
  const family = isIP(address);
  return (_name, options, callback) =>
    options.all === true ? callback(null, [{ address, family }]) : callback(null, address, family);
}
