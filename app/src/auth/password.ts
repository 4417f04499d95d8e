import * as crypto from "node:crypto";
import { promisify } from "node:util";

interface Argon2Parameters {
  readonly message: string | Buffer;
  readonly nonce: Buffer;
  readonly parallelism: number;
  readonly tagLength: number;
  /** KiB. */
  readonly memory: number;
  readonly passes: number;
}
type Argon2 = (algorithm: "argon2id", parameters: Argon2Parameters, done: (error: Error | null, key: Buffer) => void) => void;
// Built into Node since 24.7; the pinned type package is older.
const argon2 = promisify((crypto as unknown as { argon2: Argon2 }).argon2);

/** OWASP's first choice for argon2id: 19 MiB, 2 passes, 1 lane. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const;
const tagLength = 32;

/** Hashes a password; the result is a PHC string that carries its own parameters. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = crypto.randomBytes(16);
  const tag = await argon2("argon2id", { message: password.normalize("NFKC"), nonce, tagLength, ...cost });
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${base64(nonce)}$${base64(tag)}`;
}

/** True when the password belongs to the hash. Compares in constant time; a malformed hash is false. */
export async function verifyPassword(password: string, phc: string): Promise<boolean> {
  const match = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc);
  if (match === null) return false;
  const [, memory, passes, parallelism, nonce = "", expectedText = ""] = match;
  const expected = Buffer.from(expectedText, "base64");
  const tag = await argon2("argon2id", {
    message: password.normalize("NFKC"),
    nonce: Buffer.from(nonce, "base64"),
    tagLength: expected.length,
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
  });
  return tag.length === expected.length && crypto.timingSafeEqual(tag, expected);
}

/**
 * A random password of 20 characters from an alphabet without look-alikes (about 115 bits).
 * Shown once, typed rarely.
 */
export function generatePassword(): string {
  const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  return Array.from({ length: 20 }, () => alphabet[crypto.randomInt(alphabet.length)]).join("");
}

let decoy: Promise<string> | undefined;

/** A hash no password belongs to: verified for unknown e-mails so that they take as long as known ones. */
export function decoyHash(): Promise<string> {
  decoy ??= hashPassword(crypto.randomBytes(32).toString("hex"));
  return decoy;
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
