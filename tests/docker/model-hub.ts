import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer as createPlain } from "node:http";
import { createServer as createTls } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readFileSync } from "node:fs";
import type { Model } from "../../infra/core/models.ts";

/** A local server that stands where the model hub is: behind a proxy that answers every https address itself. */
export interface ModelHub {
  /** With these a program asks here, and trusts the answer. */
  readonly env: Readonly<Record<string, string>>;
  /** What it was asked, oldest first. */
  readonly asked: readonly string[];
  /** What it sends from now on: this file, or as many zeros. */
  serve(content: string | "zeros"): void;
  close(): Promise<void>;
}

/** Starts it on a free port. */
export async function startModelHub(model: Model): Promise<ModelHub> {
  const folder = mkdtempSync(join(tmpdir(), "fidus-hub-"));
  const { hostname } = new URL(model.url);
  const [key, certificate] = [join(folder, "hub.key"), join(folder, "hub.crt")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
  const subject = ["-subj", "/CN=a model hub for tests", "-addext", `subjectAltName=DNS:${hostname}`];
  execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const asked: string[] = [];
  let content = "zeros";
  const hub = createTls({ key: readFileSync(key), cert: readFileSync(certificate) }, (request, response) => {
    asked.push(`${request.method} https://${request.headers.host}${request.url}`);
    response.writeHead(200, { "content-length": model.bytes });
    if (content === "zeros") response.end(Buffer.alloc(model.bytes));
    else createReadStream(content).pipe(response);
  });
  hub.listen(0, "127.0.0.1");
  await once(hub, "listening");
  const proxy = createPlain().on("connect", (_request, client, head: Buffer) => {
    const inner = connect((hub.address() as AddressInfo).port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      inner.write(head);
      inner.pipe(client).pipe(inner);
    });
    inner.on("error", () => client.destroy());
    client.on("error", () => inner.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const address = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  return {
    env: { HTTPS_PROXY: address, https_proxy: address, NO_PROXY: "localhost,127.0.0.1", NODE_EXTRA_CA_CERTS: certificate },
    asked,
    serve: (wanted) => void (content = wanted),
    async close() {
      for (const server of [hub, proxy]) {
        server.closeAllConnections();
        server.close();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
