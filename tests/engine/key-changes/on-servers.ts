import { change } from "./change.ts";

const names = ["name-a", "name-aaaa"];
export const updateNames = names.map((name) => `update ${name}`);
export const replaceNames = names.map((name) => `replace ${name}`);
const publicKey = `ssh-ed25519 ${"A".repeat(68)}`;
export const otherZone = "fedcba9876543210fedcba9876543210";

/** Read and checked by every edition that has them; what will use them is not built yet. */
export const onServers = [
  change("model", "qwen2.5:7b"),
  change("llmThreads", "3"),
  change("llmIdleSeconds", "600"),
  change("llmApiKey", "sk-0123456789abcdefghijklmnop"),
  change("acmeEmail", "ada@fidus.test"),
  change("acmeDirectory", "https://acme.fidus.test/directory"),
  change("acmeCa", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
  change("adminPublicKeys", publicKey),
  change("backupRetention", "60 days"),
];
