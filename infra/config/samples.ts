import type { KeySpec } from "./spec.ts";

/** Sample values of the documents that Fidus comes from: whoever deploys one has published his password. */
const sampleSecrets = [
  "sk-1234",
  "dev_litellm_key_change_me",
  "dev_password",
  "dev_password_change_me",
  "dev123",
  "dev_jwt_secret_change_in_production",
  "dev_encryption_key_32_bytes_long",
  "admin",
  "password",
  "secret",
];

/** Whether the text only stands where a real value belongs: a sample secret, a blank to fill in, a name kept for examples. */
export function isSample({ type, secret }: KeySpec, text: string): boolean {
  const plain = text.trim().toLowerCase();
  if (/change_?me|change_in_production/.test(plain) || plain === "value" || /^<.*>$/.test(plain)) return true;
  if (secret === true) return sampleSecrets.includes(plain);
  // Source: RFC 2606 §3.
  return (type === "domain" || type === "email") && /(^|[.@])example\.(com|net|org)$/.test(plain);
}
