/**
 * The tls provider: the types of @pulumi/tls with the same inputs, outputs, ids and replace rules.
 * Source: the SDK's type definitions and their doc comments.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import sdk from "@pulumi/tls/package.json" with { type: "json" };
import { z } from "zod";
import { algorithmName, uses, type MadeCertificate } from "./certificate-terms.ts";
import { isMain, PluginError } from "./grpc-server.ts";
import { hasSshForm, md5Fingerprint, opensshPrivateKey, sha256Fingerprint, sshPublicKey } from "./openssh-key.ts";
import { defineResource, type CheckFailure, type Created, type Resource } from "./resource.ts";
import { serveProvider } from "./serve.ts";
import { plain, type WireMap } from "./values.ts";

const hourMs = 3_600_000;
const curves = { P224: "secp224r1", P256: "P-256", P384: "P-384", P521: "P-521" } as const;
const generate = promisify(generateKeyPair);

const keyInputs = z.object({
  algorithm: z.enum(["RSA", "ECDSA", "ED25519"]),
  ecdsaCurve: z.enum(["P224", "P256", "P384", "P521"]).default("P224"),
  rsaBits: z.number().int().min(1_024).default(2_048),
});

async function newKey({ algorithm, ecdsaCurve, rsaBits }: z.output<typeof keyInputs>): Promise<KeyObject> {
  switch (algorithm) {
    case "RSA":
      return (await generate("rsa", { modulusLength: rsaBits })).privateKey;
    case "ECDSA":
      return (await generate("ec", { namedCurve: curves[ecdsaCurve] })).privateKey;
    case "ED25519":
      return (await generate("ed25519", {})).privateKey;
  }
}

/** RSA and ECDSA have PEM forms of their own; Ed25519 only PKCS #8. */
function pemOf(key: KeyObject): string {
  const types = { RSA: "pkcs1", ECDSA: "sec1", ED25519: "pkcs8" } as const;
  return String(key.export({ format: "pem", type: types[algorithmName(key)] }));
}

function keyOutputs(key: KeyObject): WireMap {
  const publicKey = createPublicKey(key);
  const ssh = hasSshForm(key);
  return {
    privateKeyOpenssh: ssh ? opensshPrivateKey(key) : "",
    privateKeyPem: pemOf(key),
    privateKeyPemPkcs8: String(key.export({ format: "pem", type: "pkcs8" })),
    publicKeyFingerprintMd5: ssh ? md5Fingerprint(publicKey) : "",
    publicKeyFingerprintSha256: ssh ? sha256Fingerprint(publicKey) : "",
    publicKeyOpenssh: ssh ? sshPublicKey(publicKey) : "",
    publicKeyPem: String(publicKey.export({ format: "pem", type: "spki" })),
  };
}

const privateKey = defineResource({
  inputs: keyInputs,
  outputs: {
    privateKeyOpenssh: { type: "string", secret: true },
    privateKeyPem: { type: "string", secret: true },
    privateKeyPemPkcs8: { type: "string", secret: true },
    publicKeyFingerprintMd5: { type: "string" },
    publicKeyFingerprintSha256: { type: "string" },
    publicKeyOpenssh: { type: "string" },
    publicKeyPem: { type: "string" },
  },
  replaceOn: "every",
  create: async ({ inputs }): Promise<Created> => {
    const key = await newKey(inputs);
    const id = sha1(createPublicKey(key).export({ format: "der", type: "spki" }));
    return { id, outputs: keyOutputs(key) };
  },
});

function sha1(bytes: Buffer): string {
  return createHash("sha1").update(bytes).digest("hex");
}

const text = z.string().optional();
const subject = z
  .strictObject({
    commonName: text,
    country: text,
    emailAddress: text,
    locality: text,
    organization: text,
    organizationalUnit: text,
    postalCode: text,
    province: text,
    serialNumber: text,
    streetAddresses: z.array(z.string()).optional(),
  })
  .optional();
const names = {
  dnsNames: z.array(z.string()).optional(),
  ipAddresses: z.array(z.string()).optional(),
  uris: z.array(z.string()).optional(),
};
/** The key itself, or its write-only form with a version that says when it changed. */
const ownKey = { privateKeyPem: text, privateKeyPemWo: text, privateKeyPemWoVersion: z.number().int().optional() };
const terms = {
  allowedUses: z.array(z.enum(uses)),
  earlyRenewalHours: z.number().int().min(0).default(0),
  isCaCertificate: z.boolean().default(false),
  maxPathLength: z.number().int().min(-1).optional(),
  setSubjectKeyId: z.boolean().default(false),
  validityPeriodHours: z.number().int().min(0),
};

function readKey(path: string, pem: string | undefined): KeyObject {
  try {
    return createPrivateKey(pem ?? "");
  } catch {
    throw new PluginError(`${path}: got text that is no private key; needs an unencrypted PEM. Use tls.PrivateKey`);
  }
}

function keyProblem(path: string, ...given: readonly (string | undefined)[]): CheckFailure[] {
  const count = given.filter((pem) => pem !== undefined).length;
  return count === 1 ? [] : [{ property: path, reason: `got ${count} keys; needs exactly one of ${path} and ${path}Wo` }];
}

/** Inputs whose change does not make another certificate: when to renew, and a write-only key (its version does). */
function replacing(inputs: z.ZodObject, kept: readonly string[]): string[] {
  return Object.keys(inputs.shape).filter((name) => !kept.includes(name));
}

function certificateOutputs({ certPem, validityStartTime, validityEndTime }: MadeCertificate): WireMap {
  return { certPem, readyForRenewal: false, validityStartTime, validityEndTime };
}

function isDue(earlyRenewalHours: number, validityEndTime: unknown): boolean {
  const end = typeof validityEndTime === "string" ? Date.parse(validityEndTime) : Number.NaN;
  return end - earlyRenewalHours * hourMs <= Date.now();
}

/** What both kinds of certificate do alike once they exist. */
const renewal = {
  refresh: (state: WireMap): WireMap =>
    isDue(Number(plain(state["earlyRenewalHours"] ?? 0)), state["validityEndTime"]) ? { ...state, readyForRenewal: true } : state,
  outdated: ({ earlyRenewalHours }: { earlyRenewalHours: number }, state: WireMap): string | undefined =>
    isDue(earlyRenewalHours, state["validityEndTime"]) ? "readyForRenewal" : undefined,
};

const certificate = {
  certPem: { type: "string" },
  readyForRenewal: { type: "boolean" },
  validityEndTime: { type: "string" },
  validityStartTime: { type: "string" },
} as const;

const selfSignedInputs = z.object({ ...terms, ...names, ...ownKey, setAuthorityKeyId: z.boolean().default(false), subject });
const selfSignedOutputs = { ...certificate, keyAlgorithm: { type: "string" } } as const;

const selfSignedCert = defineResource({
  inputs: selfSignedInputs,
  secretInputs: ["privateKeyPem", "privateKeyPemWo"],
  outputs: selfSignedOutputs,
  replaceOn: replacing(selfSignedInputs, ["earlyRenewalHours", "privateKeyPemWo"]),
  problems: (inputs) => [
    ...keyProblem("privateKeyPem", inputs.privateKeyPem, inputs.privateKeyPemWo),
    ...(inputs.isCaCertificate && Object.keys(inputs.subject ?? {}).length === 0
      ? [{ property: "subject", reason: "got none; needs at least one field for a certificate authority (RFC 5280, 4.1.2.6)" }]
      : []),
  ],
  create: async ({ inputs }): Promise<Created> => {
    const key = readKey("privateKeyPem", inputs.privateKeyPem ?? inputs.privateKeyPemWo);
    const { selfSign } = await loadX509();
    const made = await selfSign(key, inputs.subject ?? {}, inputs, inputs);
    return { id: made.id, outputs: { ...certificateOutputs(made), keyAlgorithm: algorithmName(key) } };
  },
  ...renewal,
});

const requestInputs = z.object({ ...names, ...ownKey, subject });

const certRequest = defineResource({
  inputs: requestInputs,
  secretInputs: ["privateKeyPem", "privateKeyPemWo"],
  outputs: { certRequestPem: { type: "string" }, keyAlgorithm: { type: "string" } },
  replaceOn: replacing(requestInputs, ["privateKeyPemWo"]),
  problems: (inputs) => keyProblem("privateKeyPem", inputs.privateKeyPem, inputs.privateKeyPemWo),
  create: async ({ inputs }): Promise<Created> => {
    const key = readKey("privateKeyPem", inputs.privateKeyPem ?? inputs.privateKeyPemWo);
    const { makeRequest } = await loadX509();
    const { pem, der } = await makeRequest(key, inputs.subject ?? {}, inputs);
    return { id: sha1(der), outputs: { certRequestPem: pem, keyAlgorithm: algorithmName(key) } };
  },
});

const signedInputs = z.object({
  ...terms,
  caCertPem: z.string(),
  caPrivateKeyPem: text,
  caPrivateKeyPemWo: text,
  caPrivateKeyPemWoVersion: z.number().int().optional(),
  certRequestPem: z.string(),
});
const signedOutputs = { ...certificate, caKeyAlgorithm: { type: "string" } } as const;

const locallySignedCert = defineResource({
  inputs: signedInputs,
  secretInputs: ["caPrivateKeyPem", "caPrivateKeyPemWo"],
  outputs: signedOutputs,
  replaceOn: replacing(signedInputs, ["earlyRenewalHours", "caPrivateKeyPemWo"]),
  problems: (inputs) => keyProblem("caPrivateKeyPem", inputs.caPrivateKeyPem, inputs.caPrivateKeyPemWo),
  create: async ({ inputs }): Promise<Created> => {
    const caKey = readKey("caPrivateKeyPem", inputs.caPrivateKeyPem ?? inputs.caPrivateKeyPemWo);
    const { signRequest } = await loadX509();
    const made = await signRequest(inputs.certRequestPem, inputs.caCertPem, caKey, inputs);
    return { id: made.id, outputs: { ...certificateOutputs(made), caKeyAlgorithm: algorithmName(caKey) } };
  },
  ...renewal,
});

/** The resource types by token. */
/** Only when a certificate is made: most runs make none, and the engine waits for the plugin's start. */
function loadX509(): Promise<typeof import("./x509.ts")> {
  return import("./x509.ts");
}

export const tlsResources: Readonly<Record<string, Resource>> = {
  "tls:index/privateKey:PrivateKey": privateKey,
  "tls:index/selfSignedCert:SelfSignedCert": selfSignedCert,
  "tls:index/certRequest:CertRequest": certRequest,
  "tls:index/locallySignedCert:LocallySignedCert": locallySignedCert,
};

if (isMain(import.meta.filename)) {
  await serveProvider({ name: "tls", version: sdk.version, resources: tlsResources });
}
