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

/** Networks kept for documents, of which nobody is an administrator. Source: RFC 5737 §3, RFC 3849 §2. */
const sampleNetwork = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.|^2001:0?db8:/i;

/** Account ids of AWS's own documents, also within the name of a role. */
const sampleAccount = /\b(123456789012|111122223333)\b/;

/** Whether the text only stands where a real value belongs: a sample secret, a blank to fill in, a name kept for examples. */
export function isSample({ type, secret }: KeySpec, text: string): boolean {
  const plain = text.trim().toLowerCase();
  if (/change_?me|change_in_production/.test(plain) || plain === "value" || /^<.*>$/.test(plain)) return true;
  if (secret === true) return sampleSecrets.includes(plain);
  if (type === "cidrs") return plain.split(",").some((network) => sampleNetwork.test(network.trim()));
  if (sampleAccount.test(plain)) return true;
  // Source: RFC 2606 §3.
  return (type === "domain" || type === "email") && /(^|[.@])example\.(com|net|org)$/.test(plain);
}
