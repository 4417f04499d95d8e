import "reflect-metadata"; // @peculiar/x509 needs it before its first line
import { createPublicKey, randomBytes, type KeyObject, type webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";
import {
  algorithmName,
  extendedKeyUsages,
  subjectTypes,
  type CertificateTerms,
  type KeyUsage,
  type MadeCertificate,
  type Names,
  type Subject,
} from "./certificate-terms.ts";
import { PluginError } from "./grpc-server.ts";

const hourMs = 3_600_000;

/** The library's bits of them. */
const keyUsages = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  encipher_only: x509.KeyUsageFlags.encipherOnly,
  decipher_only: x509.KeyUsageFlags.decipherOnly,
} as const satisfies Record<KeyUsage, number>;

/** A certificate signed by its own key. */
export async function selfSign(
  key: KeyObject,
  subject: Subject,
  names: Names,
  terms: CertificateTerms,
): Promise<MadeCertificate> {
  const keys = pairOf(key);
  const frame = newFrame(terms);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...frame,
    name: nameOf(subject),
    keys,
    signingAlgorithm: signingAlgorithm(key),
    extensions: await extensionsOf(terms, names, keys.publicKey, terms.setAuthorityKeyId === true ? keys.publicKey : undefined),
  });
  return made(frame, certificate);
}

/** A certificate for a request, signed by a certificate authority. */
export async function signRequest(
  requestPem: string,
  caPem: string,
  caKey: KeyObject,
  terms: CertificateTerms,
): Promise<MadeCertificate> {
  const request = readable("certRequestPem", () => new x509.Pkcs10CertificateRequest(requestPem));
  const authority = readable("caCertPem", () => new x509.X509Certificate(caPem));
  if (!(await request.verify()))
    throw new PluginError("certRequestPem: got a wrong signature; needs the one of its own key. Make it again");
  const publicKey = await request.publicKey.export();
  const frame = newFrame(terms);
  const certificate = await x509.X509CertificateGenerator.create({
    ...frame,
    subject: request.subjectName,
    issuer: authority.subjectName,
    publicKey,
    signingKey: pairOf(caKey).privateKey,
    signingAlgorithm: signingAlgorithm(caKey),
    extensions: [
      ...(await extensionsOf(terms, {}, publicKey, authority.publicKey)),
      ...request.extensions.filter((extension) => extension instanceof x509.SubjectAlternativeNameExtension),
    ],
  });
  return made(frame, certificate);
}

/** A PKCS #10 request in PEM. */
export async function makeRequest(key: KeyObject, subject: Subject, names: Names): Promise<{ pem: string; der: Buffer }> {
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: nameOf(subject),
    keys: pairOf(key),
    signingAlgorithm: signingAlgorithm(key),
    extensions: alternativeNames(names),
  });
  return { pem: `${request.toString("pem").trim()}\n`, der: Buffer.from(request.rawData) };
}

function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch {
    throw new PluginError(`${path}: got text that cannot be read; needs PEM. openssl x509 -in FILE -text`);
  }
}

interface Frame {
  readonly serialNumber: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

function newFrame({ validityPeriodHours }: CertificateTerms): Frame {
  const serial = randomBytes(16);
  serial.writeUInt8((serial.readUInt8(0) & 0x7f) | 0x40, 0); // positive and of full length
  const notBefore = new Date(Math.floor(Date.now() / 1000) * 1000);
  return {
    serialNumber: serial.toString("hex"),
    notBefore,
    notAfter: new Date(notBefore.getTime() + validityPeriodHours * hourMs),
  };
}

function made(frame: Frame, certificate: x509.X509Certificate): MadeCertificate {
  return {
    id: BigInt(`0x${frame.serialNumber}`).toString(),
    certPem: `${certificate.toString("pem").trim()}\n`,
    validityStartTime: rfc3339(frame.notBefore),
    validityEndTime: rfc3339(frame.notAfter),
  };
}

function rfc3339(time: Date): string {
  return time.toISOString().replace(".000Z", "Z");
}

async function extensionsOf(
  terms: CertificateTerms,
  names: Names,
  publicKey: x509.PublicKeyType,
  authorityKey: x509.PublicKeyType | undefined,
): Promise<x509.Extension[]> {
  const flags = terms.allowedUses.reduce(
    (sum, use) => (use in keyUsages ? sum | keyUsages[use as keyof typeof keyUsages] : sum),
    0,
  );
  const extended = terms.allowedUses.flatMap((use) =>
    use in extendedKeyUsages ? [extendedKeyUsages[use as keyof typeof extendedKeyUsages]] : [],
  );
  const length =
    terms.isCaCertificate && terms.maxPathLength !== undefined && terms.maxPathLength >= 0 ? terms.maxPathLength : undefined;
  return [
    ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
    ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
    new x509.BasicConstraintsExtension(terms.isCaCertificate, length, true),
    ...(terms.isCaCertificate || terms.setSubjectKeyId ? [await x509.SubjectKeyIdentifierExtension.create(publicKey)] : []),
    ...(authorityKey === undefined ? [] : [await x509.AuthorityKeyIdentifierExtension.create(authorityKey)]),
    ...alternativeNames(names),
  ];
}

function alternativeNames({ dnsNames = [], ipAddresses = [], uris = [] }: Names): x509.Extension[] {
  const wrong = ipAddresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined)
    throw new PluginError(`ipAddresses: got "${wrong}"; needs IPv4 or IPv6 addresses. Put names into dnsNames`);
  const list: x509.JsonGeneralName[] = [
    ...dnsNames.map((value) => ({ type: "dns" as const, value })),
    ...ipAddresses.map((value) => ({ type: "ip" as const, value })),
    ...uris.map((value) => ({ type: "url" as const, value })),
  ];
  return list.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(list)];
}

function nameOf(subject: Subject): x509.JsonName {
  return Object.entries(subjectTypes).flatMap(([field, type]) => {
    const value = subject[field as keyof Subject];
    const values = value === undefined ? [] : [value].flat();
    return values.map((text) =>
      field === "emailAddress" ? { [type]: [{ ia5String: text }] } : { [type]: [text] },
    ) as x509.JsonName;
  });
}

/** Curves that can sign certificates here, by OpenSSL's names. */
const curves: Readonly<Record<string, { namedCurve: string; hash: string }>> = {
  prime256v1: { namedCurve: "P-256", hash: "SHA-256" },
  secp384r1: { namedCurve: "P-384", hash: "SHA-384" },
  secp521r1: { namedCurve: "P-521", hash: "SHA-512" },
};

function signingAlgorithm(key: KeyObject): { name: string; hash: string; namedCurve: string } {
  switch (algorithmName(key)) {
    case "RSA":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", namedCurve: "" };
    case "ED25519":
      return { name: "Ed25519", hash: "", namedCurve: "" };
    case "ECDSA": {
      const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
      if (!curve)
        throw new PluginError("privateKeyPem: got a P224 key; needs P256, P384 or P521 to sign. Set ecdsaCurve of the key");
      return { name: "ECDSA", ...curve };
    }
  }
}

function pairOf(key: KeyObject): webcrypto.CryptoKeyPair {
  const algorithm = signingAlgorithm(key);
  return {
    privateKey: key.toCryptoKey(algorithm, true, ["sign"]),
    publicKey: createPublicKey(key).toCryptoKey(algorithm, true, ["verify"]),
  };
}
