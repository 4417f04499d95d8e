import { createDecipheriv, pbkdf2 } from "node:crypto";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { cannotGoOn, type CliError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** `v1:SALT:v1:NONCE:CIPHERTEXT`, base64 each: the word `pulumi`, encrypted, so that a passphrase can be tried. */
const saltPattern = /^v1:([^:]+):v1:([^:]+):([^:]+)$/;
const tagBytes = 16;

/**
 * Whether the passphrase opens what was encrypted under this salt; null when the salt has a form that only the engine reads.
 * Source: pulumi v3, pkg/secrets/passphrase/manager.go and sdk/go/common/resource/config/crypt.go: PBKDF2 with SHA-256, a
 * million rounds, AES-256-GCM. Takes half a second of one thread, and no engine: found before anything is built.
 */
export async function opens(passphrase: string, salt: string): Promise<boolean | null> {
  const [, ...parts] = saltPattern.exec(salt) ?? [];
  const [seed, nonce, encrypted] = parts.map((part) => Buffer.from(part, "base64"));
  if (seed === undefined || nonce === undefined || encrypted === undefined) return null;
  const key = await promisify(pbkdf2)(passphrase.trim(), seed, 1_000_000, 32, "sha256");
  const decipher = createDecipheriv("aes-256-gcm", key, nonce).setAuthTag(encrypted.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(encrypted.subarray(0, -tagBytes)), decipher.final()]).toString() === "pulumi";
  } catch {
    return false;
  }
}

/** Throws exit 1 when this installation's passphrase is not the one that the stack's secrets were encrypted with. */
export async function requirePassphrase(
  { passphraseFile: file }: Pick<Installation, "passphraseFile">,
  config: Pick<StackConfigFile, "file" | "salt">,
): Promise<void> {
  if (config.salt() === "") return;
  if ((await opens(await readFile(file, "utf8"), config.salt())) === false)
    throw lostPassphrase(file, "another passphrase", config.file);
}

/** What can be done, honestly: the right file, or a new beginning. The database itself is not encrypted with it. */
export function lostPassphrase(file: string, got: string | undefined, witness: string): CliError {
  return cannotGoOn(
    "The passphrase of this installation is lost or another one; no new one is made: the old one protects its secrets",
    [
      {
        path: file,
        got,
        rule: `the passphrase that ${witness} was encrypted with`,
        fix: `install -m 600 YOUR-BACKUP ${file}; without a backup save the database (docs/community.md#backup), then ./fidus uninstall --yes && ./fidus up`,
      },
    ],
    "passphrase-lost",
  );
}
