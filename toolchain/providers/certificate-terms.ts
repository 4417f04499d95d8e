import type { KeyObject } from "node:crypto";
import { PluginError } from "./grpc-server.ts";

/** Key usages by the published plugin's names (RFC 5280, 4.2.1.3). */
const keyUsages = [
  "digital_signature",
  "content_commitment",
  "key_encipherment",
  "data_encipherment",
  "key_agreement",
  "cert_signing",
  "crl_signing",
  "encipher_only",
  "decipher_only",
] as const;

/** Extended key usages by the published plugin's names (RFC 5280, 4.2.1.12, and the vendors' own). */
export const extendedKeyUsages = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  ipsec_end_system: "1.3.6.1.5.5.7.3.5",
  ipsec_tunnel: "1.3.6.1.5.5.7.3.6",
  ipsec_user: "1.3.6.1.5.5.7.3.7",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
  microsoft_server_gated_crypto: "1.3.6.1.4.1.311.10.3.3",
  netscape_server_gated_crypto: "2.16.840.1.113730.4.1",
  microsoft_commercial_code_signing: "1.3.6.1.4.1.311.2.1.22",
  microsoft_kernel_code_signing: "1.3.6.1.4.1.311.61.1.1",
} as const;

export type KeyUsage = (typeof keyUsages)[number];
/** What a certificate may be used for. */
export type Use = KeyUsage | keyof typeof extendedKeyUsages;
export const uses = [...keyUsages, ...Object.keys(extendedKeyUsages)] as [Use, ...Use[]];

/** Subject fields as X.509 orders them, with their attribute types. */
export const subjectTypes = {
  country: "2.5.4.6",
  organization: "2.5.4.10",
  organizationalUnit: "2.5.4.11",
  locality: "2.5.4.7",
  province: "2.5.4.8",
  streetAddresses: "2.5.4.9",
  postalCode: "2.5.4.17",
  commonName: "2.5.4.3",
  serialNumber: "2.5.4.5",
  emailAddress: "1.2.840.113549.1.9.1",
} as const;
export type Subject = { readonly [Field in keyof typeof subjectTypes]?: string | readonly string[] | undefined };

/** Names that the certificate is for. */
export interface Names {
  readonly dnsNames?: readonly string[] | undefined;
  readonly ipAddresses?: readonly string[] | undefined;
  readonly uris?: readonly string[] | undefined;
}

/** Rules that self-signed and CA-signed certificates share. */
export interface CertificateTerms {
  readonly allowedUses: readonly Use[];
  readonly isCaCertificate: boolean;
  /** Certificates below this one; −1 or absent = no limit. */
  readonly maxPathLength?: number | undefined;
  readonly setSubjectKeyId: boolean;
  readonly setAuthorityKeyId?: boolean;
  readonly validityPeriodHours: number;
}

export interface MadeCertificate {
  /** Serial number in decimal. */
  readonly id: string;
  readonly certPem: string;
  readonly validityStartTime: string;
  readonly validityEndTime: string;
}

/** Name of a key's algorithm as the published plugin gives it. */
export function algorithmName(key: KeyObject): "RSA" | "ECDSA" | "ED25519" {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return "RSA";
    case "ec":
      return "ECDSA";
    case "ed25519":
      return "ED25519";
    default:
      throw new PluginError(`privateKeyPem: got a ${key.asymmetricKeyType} key; needs RSA, ECDSA or Ed25519. Use tls.PrivateKey`);
  }
}
