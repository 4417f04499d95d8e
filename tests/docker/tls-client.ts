import { request, type IncomingHttpHeaders } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { text } from "node:stream/consumers";
import { connect, type PeerCertificate, type SecureVersion } from "node:tls";
import { openRequest } from "../../cli/reach.ts";
import { eventually } from "../../infra/core/eventually.ts";

/** Where a product with a domain is reached, and what the client trusts. Read at every call: tests change it. */
export interface TlsTarget {
  readonly domain: string;
  httpPort: number;
  httpsPort: number;
  /** PEM text of the certificates that are trusted. */
  trusted: string;
  readonly origin: () => string;
}

export interface OpenStream {
  readonly stream: ClientHttp2Stream;
  readonly session: ClientHttp2Session;
  /** Milliseconds at which pieces arrived. */
  readonly arrivals: number[];
  readonly ended: Promise<string>;
}

/** A client of a product's proxy on loopback, whose domain resolves nowhere. */
export function tlsClient(at: TlsTarget) {
  /** A handshake at the proxy with the domain's name, which resolves nowhere. */
  function handshake(
    versions: { maxVersion?: SecureVersion } = {},
  ): Promise<{ protocol: string | null; certificate: PeerCertificate }> {
    return new Promise((resolve, reject) => {
      const socket = connect(
        { host: "127.0.0.1", port: at.httpsPort, servername: at.domain, ca: at.trusted, ...versions },
        () => {
          resolve({ protocol: socket.getProtocol(), certificate: socket.getPeerCertificate() });
          socket.destroy();
        },
      );
      socket.once("error", reject);
    });
  }

  const serial = async (): Promise<string> => (await handshake()).certificate.serialNumber;

  async function ask(path: string): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; body: string }> {
    const reach = { url: at.origin(), address: "127.0.0.1", trusted: [at.trusted] };
    const response = await openRequest(reach, path, { method: "GET", signal: AbortSignal.timeout(20_000) });
    return { status: response.statusCode, headers: response.headers, body: await text(response) };
  }

  /** A request on the plain port. */
  function askPlain(path: string): Promise<{ status: number | undefined; headers: IncomingHttpHeaders }> {
    return new Promise((resolve, reject) => {
      request({ host: "127.0.0.1", port: at.httpPort, path, headers: { host: at.domain }, agent: false }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, headers: response.headers });
      })
        .once("error", reject)
        .end();
    });
  }

  /** One chat completion over HTTP/2. */
  async function openStream(apiKey: string, maxTokens: number): Promise<OpenStream> {
    const session = connectHttp2(at.origin(), {
      createConnection: () =>
        connect({ host: "127.0.0.1", port: at.httpsPort, servername: at.domain, ca: at.trusted, ALPNProtocols: ["h2"] }),
    });
    const stream = session.request({
      ":method": "POST",
      ":path": "/v1/chat/completions",
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
    });
    const question = "Tell me a very long story about a ship, with every detail.";
    stream.end(
      JSON.stringify({
        model: "smollm2:135m",
        messages: [{ role: "user", content: question }],
        stream: true,
        max_tokens: maxTokens,
      }),
    );
    const arrivals: number[] = [];
    let received = "";
    stream.setEncoding("utf8");
    const ended = new Promise<string>((resolve, reject) => {
      stream.on("data", (piece: string) => {
        arrivals.push(performance.now());
        received += piece;
      });
      stream.once("end", () => resolve(received)).once("error", reject);
      session.once("error", reject);
    }).finally(() => session.close());
    await eventually("the first pieces", () => arrivals.length > 2);
    return { stream, session, arrivals, ended };
  }

  return { handshake, serial, ask, askPlain, openStream };
}
