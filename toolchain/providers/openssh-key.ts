import { createHash, createPublicKey, randomBytes, type KeyObject } from "node:crypto";
import { PluginError } from "./grpc-server.ts";

/** Curves that SSH knows, by their name in a JSON Web Key (RFC 5656). */
const sshCurves: Readonly<Record<string, string>> = { "P-256": "nistp256", "P-384": "nistp384", "P-521": "nistp521" };
/** The same curves by OpenSSL's names. */
const sshCurvesInOpenSsl: readonly string[] = ["prime256v1", "secp384r1", "secp521r1"];
/** The private section is padded to this many bytes when it is not encrypted. */
const blockSize = 8;

interface KeyParts {
  readonly type: string;
  /** Fields of the public key blob after its type. */
  readonly publicFields: readonly Buffer[];
  /** Fields of the private section after its type; absent for a public key. */
  readonly privateFields: readonly Buffer[];
}

/** Whether the key has an SSH form: RSA, Ed25519 and the curves P-256, P-384 and P-521 do. */
export function hasSshForm(key: KeyObject): boolean {
  return key.asymmetricKeyType !== "ec" || sshCurvesInOpenSsl.includes(key.asymmetricKeyDetails?.namedCurve ?? "");
}

/** One authorized_keys line with its line break, without a comment. */
export function sshPublicKey(key: KeyObject): string {
  const { type } = partsOf(publicOf(key));
  return `${type} ${publicBlob(key).toString("base64")}\n`;
}

/** `SHA256:…` as ssh-keygen -l prints it. */
export function sha256Fingerprint(key: KeyObject): string {
  return `SHA256:${createHash("sha256").update(publicBlob(key)).digest("base64").replace(/=+$/, "")}`;
}

/** `aa:bb:…` as ssh-keygen -l -E md5 prints it, without the prefix. */
export function md5Fingerprint(key: KeyObject): string {
  return (createHash("md5").update(publicBlob(key)).digest("hex").match(/../g) ?? []).join(":");
}

/** The unencrypted OpenSSH private key file, `openssh-key-v1`. Source: OpenSSH, PROTOCOL.key. */
export function opensshPrivateKey(key: KeyObject): string {
  const { type, privateFields } = partsOf(key);
  const check = randomBytes(4);
  const section = Buffer.concat([check, check, ...[Buffer.from(type), ...privateFields, Buffer.alloc(0)].map(sshString)]);
  const padding = Buffer.from(Array.from({ length: (blockSize - (section.length % blockSize)) % blockSize }, (_, i) => i + 1));
  const none = sshString(Buffer.from("none"));
  const one = Buffer.from([0, 0, 0, 1]);
  const body = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    none, // cipher
    none, // key derivation
    sshString(Buffer.alloc(0)), // its options
    one, // number of keys
    sshString(publicBlob(key)),
    sshString(Buffer.concat([section, padding])),
  ]);
  const lines = body.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n");
}

function publicOf(key: KeyObject): KeyObject {
  return key.type === "private" ? createPublicKey(key) : key;
}

function publicBlob(key: KeyObject): Buffer {
  const { type, publicFields } = partsOf(publicOf(key));
  return Buffer.concat([Buffer.from(type), ...publicFields].map(sshString));
}

function partsOf(key: KeyObject): KeyParts {
  const jwk = key.export({ format: "jwk" });
  const field = (name: "x" | "y" | "d" | "n" | "e" | "p" | "q" | "qi"): Buffer =>
    Buffer.from(String(jwk[name] ?? ""), "base64url");
  const mpint = (name: "d" | "n" | "e" | "p" | "q" | "qi"): Buffer => positive(field(name));
  if (jwk.kty === "OKP" && jwk.crv === "Ed25519") {
    return {
      type: "ssh-ed25519",
      publicFields: [field("x")],
      privateFields: [field("x"), Buffer.concat([field("d"), field("x")])],
    };
  }
  if (jwk.kty === "RSA") {
    const all = ["n", "e", "d", "qi", "p", "q"] as const;
    return { type: "ssh-rsa", publicFields: [mpint("e"), mpint("n")], privateFields: all.map(mpint) };
  }
  const curve = sshCurves[jwk.crv ?? ""];
  if (jwk.kty !== "EC" || curve === undefined) {
    throw new PluginError(`key: got ${jwk.crv ?? jwk.kty}; needs RSA, Ed25519, P-256, P-384 or P-521. Use another key`);
  }
  const point = Buffer.concat([Buffer.from([4]), field("x"), field("y")]);
  const publicFields = [Buffer.from(curve), point];
  return { type: `ecdsa-sha2-${curve}`, publicFields, privateFields: [...publicFields, mpint("d")] };
}

/** SSH numbers are signed and minimal: no leading zero bytes but one before a high bit. */
function positive(magnitude: Buffer): Buffer {
  const first = magnitude.findIndex((byte) => byte !== 0);
  const minimal = first === -1 ? Buffer.alloc(0) : magnitude.subarray(first);
  return (minimal[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), minimal]) : minimal;
}

function sshString(content: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}
