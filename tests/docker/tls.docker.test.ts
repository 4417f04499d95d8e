import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StackContainer } from "../../cli/containers.ts";
import { openRequest } from "../../cli/reach.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { startPebble, type Pebble } from "../tools/pebble.ts";
import { docker, laterPort, newProduct, type Product, type UpJson } from "./product.ts";
import { selfSigned } from "./self-signed.ts";
import { tlsClient, type TlsTarget } from "./tls-client.ts";

const domain = "fidus.test";
let product: Product;
let admin: NonNullable<UpJson["admin"]>;
/** PEM texts of a self-signed certificate for the domain. */
let given = { chain: "", key: "" };
/** Trusted is the certificate that is given, then the ACME server's root. */
const at: TlsTarget = { domain, httpPort: 0, httpsPort: 0, trusted: "", origin: () => `https://${domain}:${at.httpsPort}` };
const { handshake, serial, ask, askPlain, openStream } = tlsClient(at);

beforeAll(async () => {
  product = await newProduct();
  [at.httpPort, at.httpsPort] = [await laterPort(), await laterPort()];
  given = await selfSigned(domain);
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  admin = first.admin;
  await product.configure({ domain, httpPort: String(at.httpPort), httpsPort: String(at.httpsPort) });
}, 900_000);

afterAll(() => product.remove(), 120_000);

async function containerOf(role: string): Promise<StackContainer> {
  const found = (await product.containers(role))[0];
  if (found === undefined) throw new Error(`no container ${role}`);
  return found;
}

const identityOf = async (role: string): Promise<string> => {
  const { id, startedAt, health } = await containerOf(role);
  return `${id} ${startedAt} ${health}`;
};

const strictHeaders = {
  "strict-transport-security": "max-age=31536000; includeSubDomains",
  "x-frame-options": "SAMEORIGIN",
  "x-content-type-options": "nosniff",
};

describe("a domain with a given certificate", () => {
  let up: UpJson;

  beforeAll(async () => {
    at.trusted = given.chain;
    await product.configure({ tlsCertificate: given.chain, tlsPrivateKey: given.key }, "--secret");
    up = await product.up();
  }, 300_000);

  test("up proves itself over verified TLS although the name resolves nowhere, and prints the https address [C-14]", async () => {
    expect(up.url).toBe(at.origin());
    expect(up.proof?.completionTokens).toBeGreaterThan(0);
    expect((await containerOf("proxy")).ports.map((port) => port.split("->")[0]).sort()).toEqual(
      [`127.0.0.1:${at.httpPort}`, `127.0.0.1:${at.httpsPort}`].sort(),
    );
    const status = JSON.parse((await product.fidus("status", "community", "--json")).stdout) as unknown;
    expect(status).toMatchObject({ healthy: true, url: at.origin(), apiUrl: at.origin() });
  });

  test("TLS 1.3 is served and 1.2 refused [X-06]", async () => {
    expect((await handshake()).protocol).toBe("TLSv1.3");
    await expect(handshake({ maxVersion: "TLSv1.2" })).rejects.toThrow(/alert protocol version/);
  });

  test("another certificate is not believed: the proof's connection verifies", async () => {
    const reach = { url: at.origin(), address: "127.0.0.1", trusted: [] };
    await expect(openRequest(reach, "/", { method: "GET", signal: AbortSignal.timeout(20_000) })).rejects.toThrow(/self-signed/);
  });

  test("the plain port answers 301 with path and query kept, and without HSTS [C-14] [X-06]", async () => {
    for (const path of ["/", "/api/v1/things?a=1&b=%20c", "/.well-known/acme-challenge/x"]) {
      const { status, headers } = await askPlain(path);
      expect(status).toBe(301);
      expect(headers.location).toBe(`${at.origin()}${path}`);
      expect(headers["strict-transport-security"]).toBeUndefined();
    }
  });

  test("the strict headers come once each, on pages and on errors [X-06]", async () => {
    const page = await ask("/");
    expect(page.status).toBe(200);
    expect(page.headers).toMatchObject(strictHeaders);
    const missing = await ask("/api/v1/no-such-path");
    expect(missing.status).toBe(404);
    expect(missing.headers).toMatchObject(strictHeaders);
    const { id } = await containerOf("web");
    await docker(["stop", id]);
    try {
      // 504 as long as nginx still knows the address of the container that left.
      const gone = await eventually("502", async () => {
        const answer = await ask("/");
        expect(answer.headers).toMatchObject(strictHeaders);
        return answer.status === 502 ? answer : null;
      });
      expect(gone.headers).toMatchObject(strictHeaders);
    } finally {
      await docker(["start", id]);
    }
    await eventually("the page is back", async () => (await ask("/")).status === 200);
  });

  test("a stream passes HTTP/2 piece by piece [C-14] [C-15] [A-08]", async () => {
    const { ended, arrivals, session } = await openStream(admin.apiKey, 40);
    expect(session.alpnProtocol).toBe("h2");
    expect(await ended).toContain("[DONE]");
    expect(new Set(arrivals.map(Math.round)).size).toBeGreaterThan(10);
  });

  test("the session cookie is Secure, and another origin is refused", async () => {
    const reach = { url: at.origin(), address: "127.0.0.1", trusted: [at.trusted] };
    const login = (from: string): ReturnType<typeof openRequest> =>
      openRequest(reach, "/api/v1/auth/login", {
        method: "POST",
        headers: { "content-type": "application/json", "x-fidus-csrf": "1", origin: from },
        body: JSON.stringify({ email: admin.email, password: admin.password }),
        signal: AbortSignal.timeout(20_000),
      });
    const cookie = (await login(at.origin())).headers["set-cookie"]?.[0] ?? "";
    for (const attribute of ["Secure", "HttpOnly", "SameSite=Strict"]) expect(cookie).toContain(attribute);
    expect((await login("https://evil.test")).statusCode).toBe(403);
  });

  test("a second up changes nothing", async () => {
    const { changes, proof } = await product.up();
    expect(Object.keys(changes)).toEqual(["same"]);
    expect(proof?.completionTokens).toBeGreaterThan(0);
  }, 120_000);
});

describe("a domain with a certificate by ACME", () => {
  /** Seconds: renewed after two thirds. */
  const validity = 120;
  let pebble: Pebble | undefined;
  let up: UpJson;

  beforeAll(async () => {
    // This machine as the stack's containers see it.
    const network = `fidus-${await product.id()}-community-edge`;
    const gateway = await docker(["network", "inspect", network, "--format", "{{(index .IPAM.Config 0).Gateway}}"]);
    pebble = await startPebble({ address: gateway.trim(), challengePort: at.httpPort, validity });
    at.trusted = pebble.ca;
    await product.configure({
      certificate: "acme",
      acmeDirectory: pebble.directory,
      acmeEmail: "ops@fidus.test",
      acmeCa: pebble.ca,
    });
    up = await product.up();
  }, 300_000);

  afterAll(() => pebble?.close());

  test("up ends with a certificate of the ACME server, proved through the proxy [C-17] [X-05]", async () => {
    expect(up.url).toBe(at.origin());
    expect(up.proof?.completionTokens).toBeGreaterThan(0);
    const { certificate } = await handshake();
    expect(certificate.issuer.CN).toMatch(/Pebble/);
    expect(certificate.subjectaltname).toBe(`DNS:${domain}`);
    expect((await askPlain("/page?x=1")).headers.location).toBe(`${at.origin()}/page?x=1`);
    expect((await askPlain("/.well-known/acme-challenge/none")).status).toBe(404);
  });

  test("key and account are private to the one user that needs them [C-17] [X-01]", async () => {
    const { id } = await containerOf("acme");
    const listed = await docker([
      "exec",
      id,
      "find",
      "/run/certs",
      "/var/lib/acme",
      "-name",
      "*.pem",
      "-type",
      "f",
      "-printf",
      "%p %m %U\n",
    ]);
    const files = listed.trim().split("\n");
    expect(files).toContain("/run/certs/tls.pem 400 10004");
    for (const file of files) expect(file).toMatch(/ [46]00 10004$/);
  });

  test("a new certificate is served without a restart, and an open stream goes on [X-05]", async () => {
    const [before, proxy] = [await serial(), await identityOf("proxy")];
    await docker(["exec", (await containerOf("acme")).id, "acme-now", "--renew"]);
    // The model may end its story before the certificate comes: then another is asked for.
    let open = await openStream(admin.apiKey, 1200);
    let lastOld = performance.now();
    await eventually("another serial", async () => {
      if ((await serial()) !== before) return true;
      lastOld = performance.now();
      if (open.stream.closed) open = await openStream(admin.apiKey, 1200);
      return null;
    });
    const changed = performance.now();
    expect(open.arrivals[0]).toBeLessThan(lastOld);
    const wentOn = eventually("a piece after the change", () => open.arrivals.some((time) => time > changed + 500));
    // Cut off, `ended` rejects; a story that is told to its end is whole.
    const whole = open.ended.then((received) => received.includes("[DONE]"));
    expect(await Promise.race([wentOn, whole])).toBe(true);
    open.session.destroy();
    expect(await identityOf("proxy")).toBe(proxy);
  }, 120_000);

  test("it renews by itself when a third of the life is left, not before [X-05]", async () => {
    const [before, proxy, acme] = [await handshake(), await identityOf("proxy"), await identityOf("acme")];
    const issued = Date.parse(before.certificate.valid_from);
    const next = await eventually(
      "the renewed certificate",
      async () => {
        const { certificate } = await handshake();
        return certificate.serialNumber === before.certificate.serialNumber ? null : certificate;
      },
      validity * 1000,
    );
    const age = (Date.parse(next.valid_from) - issued) / 1000;
    expect(age).toBeGreaterThan((validity * 2) / 3 - 5);
    expect(age).toBeLessThan(validity);
    expect(await identityOf("proxy")).toBe(proxy);
    expect(await identityOf("acme")).toBe(acme);
  }, 180_000);

  test("with the ACME server gone the old certificate stays, everything stays healthy, and the next attempt is far off [X-05]", async () => {
    await pebble?.stop();
    const [before, proxy, acme] = [await serial(), await identityOf("proxy"), await containerOf("acme")];
    await docker(["exec", acme.id, "acme-now", "--renew"]);
    const failed = await eventually("a failed attempt", () => docker(["exec", acme.id, "cat", "/var/lib/acme/retry"]), 60_000);
    const [failures = "", at = ""] = failed.trim().split(" ");
    expect(failures).toBe("1");
    expect(Number(at) - Date.now() / 1000).toBeGreaterThan(500);
    expect(await serial()).toBe(before);
    expect(await identityOf("proxy")).toBe(proxy);
    expect((await containerOf("acme")).health).toBe("healthy");
    expect((await ask("/health")).status).toBe(200);
  }, 120_000);

  test("up says what the ACME server answered, and exits 1, when a name gets no certificate", async () => {
    await product.configure({ domain: "other.test" });
    const { code, stderr } = await product.fidus("up", "community", "--json");
    expect(code).toBe(1);
    expect(stderr).toContain("other.test has no certificate that verifies");
    expect(stderr).toContain("Problem connecting to server");
    expect(stderr).toContain("./fidus logs community acme");
    expect((await containerOf("proxy")).health).toBe("healthy");
  }, 180_000);

  test("given files take over again, and nothing of ACME stays", async () => {
    await product.configure({ domain, certificate: "files" });
    await product.configure({ tlsCertificate: given.chain, tlsPrivateKey: given.key }, "--secret");
    at.trusted = given.chain;
    expect((await product.up()).proof?.completionTokens).toBeGreaterThan(0);
    const roles = (await product.containers()).map(({ role }) => role);
    expect(roles).not.toContain("acme");
    const volumes = await docker(["volume", "ls", "--quiet", "--filter", `name=fidus-${await product.id()}`]);
    expect(volumes).not.toMatch(/acme|certificates/);
  }, 180_000);
});
