import "reflect-metadata"; // @peculiar/x509 needs it before its first line
import { webcrypto } from "node:crypto";
import { createServer, type Server } from "node:https";
import { createServer as createPlainServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRequest, type Reach } from "./reach.ts";

const certificate = await selfSigned("fidus.test");
const other = await selfSigned("fidus.test");
let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer(certificate, (request, response) =>
    response.end(`${request.method} ${request.headers.host}${request.url}`),
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => server.close());

async function selfSigned(name: string): Promise<{ readonly cert: string; readonly key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const made = await X509CertificateGenerator.createSelfSigned({
    name: "CN=test",
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return { cert: made.toString("pem"), key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` };
}

/** What the server at 127.0.0.1 answers to a name that resolves nowhere. */
async function ask(host: string, trusted: readonly string[]): Promise<string> {
  return through({ url: `https://${host}:${port}`, address: "127.0.0.1", trusted });
}

async function through(reach: Reach): Promise<string> {
  return text(await openRequest(reach, "/health?x=1", { method: "GET", signal: AbortSignal.timeout(5000) }));
}

test("a name that resolves nowhere is asked at the address, and keeps its name in the request", async () => {
  expect(await ask("fidus.test", [certificate.cert])).toBe(`GET fidus.test:${port}/health?x=1`);
});

test("a certificate that nobody vouches for is refused, whatever the environment says", async () => {
  await expect(ask("fidus.test", [])).rejects.toThrow(/self-signed certificate/);
  await expect(ask("fidus.test", [other.cert])).rejects.toThrow(/self-signed certificate/);
});

test("a trusted certificate of another name is refused", async () => {
  await expect(ask("else.test", [certificate.cert])).rejects.toThrow(/does not match certificate's altnames/);
});

test("a connection made elsewhere carries plain requests, and verified TLS under the name of the URL", async () => {
  const asked: string[] = [];
  const elsewhere = (address: string, to: number): ReturnType<typeof connect> => {
    asked.push(`${address}:${to}`);
    return connect(to, "127.0.0.1");
  };
  const tls = { url: `https://fidus.test:${port}`, address: "192.0.2.1", connect: elsewhere };
  expect(await through({ ...tls, trusted: [certificate.cert] })).toBe(`GET fidus.test:${port}/health?x=1`);
  await expect(through({ ...tls, trusted: [] })).rejects.toThrow(/self-signed certificate/);
  await expect(through({ ...tls, url: `https://else.test:${port}`, trusted: [certificate.cert] })).rejects.toThrow(/altnames/);
  expect(asked).toEqual(Array(3).fill(`192.0.2.1:${port}`));

  const plain = createPlainServer((request, response) => response.end(`${request.method} ${request.headers.host}${request.url}`));
  await new Promise<void>((resolve) => plain.listen(0, "127.0.0.1", resolve));
  const plainPort = (plain.address() as AddressInfo).port;
  const reach = { url: `http://localhost:${plainPort}`, address: "192.0.2.1", trusted: [], connect: elsewhere };
  expect(await through(reach)).toBe(`GET localhost:${plainPort}/health?x=1`);
  plain.close();
});
