import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import ssh2 from "ssh2";
import { describe, expect, test } from "vitest";
import type { Resource } from "./resource.ts";
import { create } from "./testing/steps.ts";
import { tlsResources } from "./tls.ts";
import { plain, secret, type WireMap } from "./values.ts";

/**
 * Oracles: doc comments in @pulumi/tls (*.d.ts); Node's own PEM and X.509 readers (OpenSSL), and ssh2's key parser.
 */
function type(name: "privateKey" | "selfSignedCert" | "certRequest" | "locallySignedCert"): Resource {
  const found = tlsResources[`tls:index/${name}:${name[0]?.toUpperCase()}${name.slice(1)}`];
  if (!found) throw new Error(name);
  return found;
}

async function key(inputs: WireMap): Promise<Record<string, string>> {
  return plain((await create(type("privateKey"), inputs)).state) as Record<string, string>;
}
const text = (value: WireMap[string] | undefined): string => String(plain(value ?? null));

describe("PrivateKey", () => {
  test.each([
    ["ED25519", {}, "PRIVATE KEY", "ssh-ed25519"],
    ["RSA", { rsaBits: 2048 }, "RSA PRIVATE KEY", "ssh-rsa"],
    ["ECDSA", { ecdsaCurve: "P256" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp256"],
    ["ECDSA", { ecdsaCurve: "P521" }, "EC PRIVATE KEY", "ecdsa-sha2-nistp521"],
  ])("%s %o is one key in every form", async (algorithm, more, label, sshType) => {
    const made = await key({ algorithm, ...more });
    expect(made["privateKeyPem"]).toMatch(new RegExp(`^-----BEGIN ${label}-----\n`));
    expect(made["privateKeyPemPkcs8"]).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const publicPem = createPublicKey(createPrivateKey(made["privateKeyPem"] ?? "")).export({ format: "pem", type: "spki" });
    expect(made["publicKeyPem"]).toBe(publicPem);
    const parsed = ssh2.utils.parseKey(made["privateKeyOpenssh"] ?? "");
    if (parsed instanceof Error) throw parsed;
    const [sshKey] = [parsed].flat();
    expect(sshKey?.type).toBe(sshType);
    expect(`${sshType} ${sshKey?.getPublicSSH().toString("base64")}\n`).toBe(made["publicKeyOpenssh"]);
    const signed = sshKey?.sign(Buffer.from("data"));
    if (!signed || signed instanceof Error) throw signed;
    expect(sshKey?.verify(Buffer.from("data"), signed)).toBe(true);
    expect(made["publicKeyFingerprintSha256"]).toMatch(/^SHA256:[A-Za-z0-9+/]{43}$/);
    expect(made["publicKeyFingerprintMd5"]).toMatch(/^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
  });

  test("of curve P224, the default, has no SSH forms: they are empty", async () => {
    const made = await key({ algorithm: "ECDSA" });
    expect(made).toMatchObject({
      ecdsaCurve: "P224",
      privateKeyOpenssh: "",
      publicKeyOpenssh: "",
      publicKeyFingerprintSha256: "",
    });
    expect(createPrivateKey(made["privateKeyPem"] ?? "").asymmetricKeyDetails).toEqual({ namedCurve: "secp224r1" });
  });

  test("keeps private forms secret and public ones readable", async () => {
    const { state } = await create(type("privateKey"), { algorithm: "ED25519" });
    for (const name of ["privateKeyPem", "privateKeyOpenssh", "privateKeyPemPkcs8"])
      expect(state[name]).toEqual(secret(text(state[name])));
    expect(state["publicKeyOpenssh"]).toBeTypeOf("string");
  });

  test("refuses an unknown algorithm and names those that exist", async () => {
    await expect(create(type("privateKey"), { algorithm: "DSA" })).rejects.toThrow(/algorithm: .*"RSA"\|"ECDSA"\|"ED25519"/);
  });
});

describe("certificates", () => {
  const terms = { validityPeriodHours: 24, allowedUses: ["server_auth", "digital_signature"] };

  test.each(["ED25519", "RSA", "ECDSA"])(
    "of a %s authority verify, carry names and uses, and the secret key stays secret",
    async (algorithm) => {
      const [ca, leaf] = await Promise.all([
        key({ algorithm, ecdsaCurve: "P256" }),
        key({ algorithm: "ECDSA", ecdsaCurve: "P384" }),
      ]);
      const caKey = { privateKeyPem: ca["privateKeyPem"] ?? "" };
      const subject = { commonName: "Fidus CA", organization: "Fidus", emailAddress: "ca@example.org" };
      const authority = await create(type("selfSignedCert"), {
        ...caKey,
        validityPeriodHours: 48,
        allowedUses: ["cert_signing", "crl_signing"],
        isCaCertificate: true,
        maxPathLength: 0,
        subject,
      });
      const names = { dnsNames: ["fidus.example"], ipAddresses: ["127.0.0.1"], uris: ["spiffe://fidus/a"] };
      const request = await create(type("certRequest"), {
        privateKeyPem: leaf["privateKeyPem"] ?? "",
        ...names,
        subject: { commonName: "fidus.example" },
      });
      const signed = await create(type("locallySignedCert"), {
        ...terms,
        caCertPem: text(authority.state["certPem"]),
        caPrivateKeyPem: ca["privateKeyPem"] ?? "",
        certRequestPem: text(request.state["certRequestPem"]),
      });
      const [caCert, cert] = [authority, signed].map(({ state }) => new X509Certificate(text(state["certPem"])));
      if (!caCert || !cert) throw new Error("no certificate");
      expect(caCert.ca).toBe(true);
      expect(caCert.subject).toBe("O=Fidus\nCN=Fidus CA\nemailAddress=ca@example.org");
      expect(cert.verify(caCert.publicKey)).toBe(true);
      expect(cert.checkIssued(caCert)).toBe(true);
      expect(cert.ca).toBe(false);
      expect(cert.subjectAltName).toBe("DNS:fidus.example, IP Address:127.0.0.1, URI:spiffe://fidus/a");
      expect(cert.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
      expect(cert.validToDate.getTime() - cert.validFromDate.getTime()).toBe(24 * 3_600_000);
      expect(BigInt(`0x${cert.serialNumber}`).toString()).toBe(signed.id);
      expect(authority.state["privateKeyPem"]).toEqual(secret(caKey.privateKeyPem));
      expect(signed.state).toMatchObject({ caKeyAlgorithm: algorithm, readyForRenewal: false });
    },
  );

  test("are refused for text that is no key, without showing it", async () => {
    const made = create(type("selfSignedCert"), { ...terms, privateKeyPem: "not-a-key-at-all" });
    await expect(made).rejects.toThrow("privateKeyPem: got text that is no private key");
    await expect(made).rejects.not.toThrow("not-a-key-at-all");
  });

  test("need a subject when they are an authority, and exactly one key", async () => {
    const both = { ...terms, isCaCertificate: true, privateKeyPem: "a", privateKeyPemWo: "b" };
    await expect(create(type("selfSignedCert"), both)).rejects.toThrow(/got 2 keys[\s\S]*subject: got none/);
  });

  test("refuse a use that does not exist and an address that is none", async () => {
    const { privateKeyPem = "" } = await key({ algorithm: "ED25519" });
    await expect(create(type("selfSignedCert"), { ...terms, allowedUses: ["magic"], privateKeyPem })).rejects.toThrow(
      "allowedUses.0: ",
    );
    await expect(create(type("selfSignedCert"), { ...terms, ipAddresses: ["localhost"], privateKeyPem })).rejects.toThrow(
      'ipAddresses: got "localhost"; needs IPv4 or IPv6 addresses.',
    );
  });

  test("are replaced when they are due, refreshed as ready for renewal, and updated in place for another renewal time", async () => {
    const { privateKeyPem = "" } = await key({ algorithm: "ED25519" });
    const inputs = { ...terms, privateKeyPem, earlyRenewalHours: 1 };
    const { state } = await create(type("selfSignedCert"), inputs);
    expect(type("selfSignedCert").diff(inputs, inputs, state).changed).toEqual([]);
    expect(type("selfSignedCert").diff(inputs, { ...inputs, earlyRenewalHours: 2 }, state).changed).toEqual([
      { key: "earlyRenewalHours", kind: "update", replace: false },
    ]);
    expect(type("selfSignedCert").previewUpdate({ ...inputs, earlyRenewalHours: 2 }, state)["certPem"]).toBe(state["certPem"]);
    const old = { ...state, validityEndTime: new Date(Date.now() + 60_000).toISOString() };
    expect(type("selfSignedCert").diff(inputs, inputs, old).changed).toEqual([
      { key: "readyForRenewal", kind: "update", replace: true, output: true },
    ]);
    expect(type("selfSignedCert").read({ id: "1", inputs: {}, state: old })?.state["readyForRenewal"]).toBe(true);
    expect(type("selfSignedCert").read({ id: "1", inputs: {}, state })?.state["readyForRenewal"]).toBe(false);
  });
});
