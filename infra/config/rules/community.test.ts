import { expect, test } from "vitest";
import { parseConfig } from "../parse.ts";
import { someSecret, testCases } from "./testing.ts";

const pem = "-----BEGIN CERTIFICATE-----";

testCases({
  "a domain without a certificate [C-14]": {
    edition: "community",
    refused: { domain: "fidus.test", tlsCertificate: someSecret },
    says: ['domain: got "fidus.test"; needs tlsCertificate and tlsPrivateKey beside it, or certificate acme.'],
    accepted: { domain: "fidus.test", tlsCertificate: someSecret, tlsPrivateKey: someSecret },
  },
  "a certificate without a domain [C-17]": {
    edition: "community",
    refused: { certificate: "acme" },
    says: ['certificate: got "acme"; needs a domain that the certificate is for.'],
    accepted: { certificate: "acme", domain: "fidus.test" },
  },
  "an ACME server that cannot be trusted": {
    edition: "community",
    refused: { certificate: "acme", domain: "fidus.test", acmeDirectory: "http://acme.lan/dir", acmeCa: "/etc/ca.pem" },
    says: ["acmeDirectory: got", "acmeCa: got"],
    accepted: { certificate: "acme", domain: "fidus.test", acmeDirectory: "https://acme.lan/dir", acmeCa: pem },
  },
  "an oldest encryption key that is newer than the newest": {
    edition: "community",
    refused: { encryptionKeyNewest: "2", encryptionKeyOldest: "3" },
    says: ["encryptionKeyOldest: got 3; needs at most encryptionKeyNewest, 2. pulumi config set encryptionKeyOldest 2"],
    accepted: { encryptionKeyNewest: "3", encryptionKeyOldest: "3" },
  },
  "two equal ports": {
    edition: "community",
    refused: { apiPort: "3000" },
    says: ["apiPort: got 3000; needs a port of its own. ./fidus choose --api-port 3001"],
    accepted: { apiPort: "3000", pagePort: "8000" },
  },
  "two equal ports of a domain": {
    edition: "community",
    refused: { domain: "fidus.test", certificate: "acme", httpPort: "443" },
    says: ["httpsPort: got 443; needs a port of its own. pulumi config set httpsPort 444"],
    accepted: { domain: "fidus.test", certificate: "acme", httpPort: "8080", apiPort: "3000" },
  },
  "a cloud model without a key, unless the app is elsewhere": {
    edition: "community",
    refused: { llmRuntime: "openai" },
    says: ["llmApiKey: got nothing; needs a key for llmRuntime openai."],
    accepted: { llmRuntime: "openai", services: "dependencies" },
  },
  "a key in the table of runtimes, and a key for a runtime that is not in it": {
    edition: "community",
    refused: {
      llmRuntimes: '{"runtimes":{"cloud":{"kind":"openai","apiKey":"sk-in-the-open"}}}',
      llmKeys: '{"clod":"sk-0123456789abcdef"}',
    },
    says: ["llmRuntimes.runtimes.cloud: got", 'llmKeys.clod: got "a key"; needs one of cloud.'],
    accepted: { llmRuntimes: '{"runtimes":{"cloud":{"kind":"openai"}}}', llmKeys: '{"cloud":"sk-0123456789abcdef"}' },
  },
  "keys without a table": {
    edition: "community",
    refused: { llmKeys: '{"cloud":"sk-0123456789abcdef"}' },
    says: ["llmRuntimes: got nothing; needs the runtimes that llmKeys are for. pulumi config set llmRuntimes < runtimes.json"],
    accepted: {},
  },
  "a default model that the table of models lacks": {
    edition: "community",
    refused: { llmRuntimes: '{"runtimes":{"local":{"kind":"embedded"}},"models":{"fast":{"targets":[]}}}' },
    says: ['model: got "smollm2:135m"; needs one of llmRuntimes.models: fast. pulumi config set model fast'],
    accepted: { llmRuntimes: '{"runtimes":{"local":{"kind":"embedded"}},"models":{"smollm2:135m":{"targets":[]}}}' },
  },
  "a gateway beside a table": {
    edition: "community",
    refused: { llmRuntimes: '{"runtimes":{"local":{"kind":"embedded"}}}', llmRuntime: "litellm" },
    says: ['llmRuntime: got "litellm"; needs another one beside llmRuntimes'],
    accepted: { llmRuntimes: '{"runtimes":{"local":{"kind":"embedded"}}}' },
  },
  "a provider that nothing is known of": {
    edition: "community",
    refused: { authProvider: "keycloak" },
    says: ["oidcIssuer: got nothing", "oidcClientId: got nothing", "oidcClientSecret: got nothing"],
    accepted: {
      authProvider: "keycloak",
      oidcIssuer: "https://id.fidus.test/realms/fidus",
      oidcClientId: "fidus",
      oidcClientSecret: someSecret,
    },
  },
  "anybody as anybody, in production [A-15]": {
    edition: "community",
    refused: { authProvider: "mock" },
    says: ['authProvider: got "mock"; needs another provider outside environment development'],
    accepted: { authProvider: "mock", environment: "development" },
  },
  "half a Langfuse project": {
    edition: "community",
    refused: { langfuseUrl: "https://langfuse.fidus.test" },
    says: ["langfusePublicKey: got nothing", "langfuseSecretKey: got nothing"],
    accepted: { langfuseUrl: "https://langfuse.fidus.test", langfusePublicKey: "pk-lf-1", langfuseSecretKey: someSecret },
  },
});

const recorded = {
  edition: "community",
  installation: "a1b2c3",
  llmRuntime: "embedded",
  model: "smollm2:135m",
  images: "{}",
};

/** `path: fix` of each problem. */
function fixes(changes: Record<string, string>): string[] {
  const secrets = new Set(["llmApiKey"]);
  return parseConfig("community", { ...recorded, ...changes }, secrets).problems.map(({ path, fix }) => `${path}: ${fix}`);
}

test("what the first up records breaks no rule", () => {
  expect(fixes({})).toEqual([]);
});

test("equal ports are refused, those of the variant alone, and the command named picks another", () => {
  expect(fixes({ pagePort: "8000" })).toEqual(["apiPort: ./fidus choose --api-port 8001"]);
  expect(fixes({ pagePort: "65535", apiPort: "65535" })).toEqual(["apiPort: ./fidus choose --api-port 65534"]);
  expect(fixes({ postgresPort: "6379" })).toEqual([]);
  expect(fixes({ services: "dependencies", postgresPort: "6379" })).toEqual(["redisPort: pulumi config set redisPort 6380"]);
  expect(fixes({ services: "dependencies", pagePort: "8000" })).toEqual([]);
});

test("a registry source without a registry is refused, with one it is accepted", () => {
  expect(fixes({ imageSource: "registry" })).toEqual(["imageRegistry: ./fidus choose --no-registry"]);
  expect(fixes({ imageSource: "registry", imageRegistry: "registry.lan/fidus" })).toEqual([]);
});

test("a certificate without a domain is refused, and the command named goes back to none", () => {
  expect(fixes({ certificate: "acme" })).toEqual(["certificate: pulumi config rm certificate"]);
  expect(fixes({ certificate: "acme", domain: "fidus.test" })).toEqual([]);
});

test("what a runtime needs counts only where the application runs", () => {
  expect(fixes({ llmRuntime: "openai", model: "any" })).toEqual(["llmApiKey: pulumi config set --secret llmApiKey"]);
  expect(fixes({ llmRuntime: "openai", model: "any", llmApiKey: "[secret]" })).toEqual([]);
  expect(fixes({ llmRuntime: "openai", model: "any", services: "dependencies" })).toEqual([]);
  expect(fixes({ model: "gpt-9" })).toEqual(["model: ./fidus choose --model smollm2:135m"]);
});
