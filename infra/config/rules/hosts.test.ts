import { someSecret, testCases } from "./testing.ts";

const ownHost = {
  provider: "own-host",
  hcloudToken: null,
  adminRanges: null,
  hostAddress: "192.0.2.10",
  hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
  sshPrivateKey: someSecret,
  backupTarget: "s3",
  backupEndpoint: "https://s3.fidus.test",
  backupBucket: "fidus-backup",
  backupAccessKeyId: someSecret,
  backupSecretKey: someSecret,
};

testCases({
  "night sleep at Hetzner, because a server that is off is billed [M-05]": {
    edition: "starter",
    refused: { environment: "development", nightSleep: "20:00-06:00" },
    says: [
      'nightSleep: got "20:00-06:00"; needs to be absent: Hetzner bills a server that is switched off like one that runs, so sleep saves nothing; take serverSize small. pulumi config rm nightSleep',
    ],
    accepted: { environment: "development", serverSize: "small" },
  },
  "night sleep of a cluster at Hetzner [M-05]": {
    edition: "pro",
    refused: { environment: "development", nightSleep: "20:00-06:00" },
    says: ['nightSleep: got "20:00-06:00"; needs to be absent: Hetzner bills'],
    accepted: { environment: "development", topology: "compact" },
  },
  "server types of an architecture without images [S-03]": {
    edition: "starter",
    refused: { serverTypes: "cx53,cax41,ccx33" },
    says: [
      'serverTypes: got "cx53,cax41,ccx33"; needs server types of an architecture that images exist for (x86), which cax41 is not. pulumi config set serverTypes cx53,ccx33',
    ],
    accepted: { serverTypes: "cx53,cax41,ccx33", imageArchitectures: "x86,arm" },
  },
  "server types that the location does not sell [S-03]": {
    edition: "starter",
    refused: { location: "ash", serverTypes: "cx53,ccx33" },
    says: ['serverTypes: got "cx53,ccx33"; needs server types that Hetzner sells in ash. pulumi config set serverTypes ccx33'],
    accepted: { location: "ash", serverTypes: "ccx33" },
  },
  "the internet in two halves for SSH": {
    edition: "starter",
    refused: { adminRanges: "0.0.0.0/1,128.0.0.0/1" },
    says: ['adminRanges: got "0.0.0.0/1,128.0.0.0/1"; needs networks'],
    accepted: { adminRanges: "198.18.0.0/15,fd00::/8" },
  },
  "all public IPv6 addresses for SSH": {
    edition: "pro",
    refused: { adminRanges: "2000::/3" },
    says: ['adminRanges: got "2000::/3"; needs networks'],
    accepted: { adminRanges: "2a01:4f8::/29" },
  },
  "backups over a line that anybody can read": {
    edition: "pro",
    refused: { backupEndpoint: "http://hel1.your-objectstorage.com" },
    says: [
      'backupEndpoint: got "http://hel1.your-objectstorage.com"; needs https://: the backups go there over the internet. pulumi config set backupEndpoint https://hel1.your-objectstorage.com',
    ],
    accepted: { backupEndpoint: "https://hel1.your-objectstorage.com" },
  },
  "an address in place of a name": {
    edition: "starter",
    refused: { domain: "198.18.0.10" },
    says: ['domain: got "198.18.0.10"; needs a host name'],
    accepted: { domain: "10.assistant.fidus.test" },
  },
  "a list of only such types [S-03]": {
    edition: "starter",
    refused: { serverTypes: "cax41,cax31" },
    says: [
      'serverTypes: got "cax41,cax31"; needs server types of an architecture that images exist for (x86), which cax41, cax31 is not. pulumi config set imageArchitectures x86,arm',
    ],
    accepted: { serverTypes: "cax41,cax31", imageArchitectures: "arm" },
  },
  "such types for one role of a cluster [P-03]": {
    edition: "pro",
    refused: { databaseServerTypes: "cax31" },
    says: ['databaseServerTypes: got "cax31"; needs server types'],
    accepted: { databaseServerTypes: "ccx33,cx53" },
  },
  "Cloudflare without zone and token": {
    edition: "starter",
    refused: { cloudflareZoneId: null, cloudflareToken: null },
    says: ["cloudflareZoneId: got nothing; needs the zone", "cloudflareToken: got nothing; needs a token"],
    accepted: { cloudflareZoneId: null, cloudflareToken: null, dnsProvider: "none" },
  },
  "Hetzner's DNS without a zone": {
    edition: "pro",
    refused: { dnsProvider: "hetzner" },
    says: ["dnsZone: got nothing; needs the zone for dnsProvider hetzner. pulumi config set dnsZone example.com"],
    accepted: { dnsProvider: "hetzner", dnsZone: "fidus.test" },
  },
  "a domain outside its zone": {
    edition: "starter",
    refused: { dnsProvider: "hetzner", dnsZone: "us.test" },
    says: ['domain: got "assistant.fidus.test"; needs a name in the zone us.test. pulumi config set domain assistant.us.test'],
    accepted: { dnsProvider: "hetzner", dnsZone: "assistant.fidus.test" },
  },
  "Cloudflare's proxy for names that others hold": {
    edition: "starter",
    refused: { dnsProvider: "none", cloudflareProxied: "true", certificate: "cloudflare-origin" },
    says: [
      "cloudflareProxied: got true; needs dnsProvider cloudflare: only its own names go through its proxy.",
      'certificate: got "cloudflare-origin"; needs dnsProvider cloudflare and cloudflareProxied true',
    ],
    accepted: { cloudflareProxied: "true", certificate: "cloudflare-origin" },
  },
  "a proof over HTTP behind Cloudflare's proxy": {
    edition: "starter",
    refused: { certificate: "acme", cloudflareProxied: "true" },
    says: [
      'certificate: got "acme"; needs a name that is not proxied: Cloudflare would answer the proof over HTTP. pulumi config set certificate acme-dns',
    ],
    accepted: { certificate: "acme-dns", cloudflareProxied: "true" },
  },
  "a proof by DNS where nobody can write records": {
    edition: "starter",
    refused: { certificate: "acme-dns", dnsProvider: "none" },
    says: [
      'certificate: got "acme-dns"; needs a dnsProvider in which the proof can be written. pulumi config set certificate acme',
    ],
    accepted: { certificate: "acme-dns", dnsProvider: "hetzner", dnsZone: "fidus.test" },
  },
  "a proof over HTTP with several hosts behind one balancer": {
    edition: "pro",
    refused: { certificate: "acme" },
    says: ['certificate: got "acme"; needs another kind with several app hosts: the balancer'],
    accepted: { certificate: "acme-dns" },
  },
  "half a certificate": {
    edition: "pro",
    refused: { certificate: "files", tlsCertificate: someSecret },
    says: ["tlsPrivateKey: got nothing; needs the key for certificate files. pulumi config set --secret tlsPrivateKey < key.pem"],
    accepted: { certificate: "files", tlsCertificate: someSecret, tlsPrivateKey: someSecret },
  },
  "an ACME directory without TLS": {
    edition: "starter",
    refused: { acmeDirectory: "http://acme.fidus.test/directory" },
    says: ["acmeDirectory: got"],
    accepted: { acmeDirectory: "https://acme.fidus.test/directory" },
  },
  "a bought server without token and SSH networks [X-07]": {
    edition: "starter",
    refused: { hcloudToken: null, adminRanges: null },
    says: [
      "hcloudToken: got nothing; needs a token for provider hetzner",
      "adminRanges: got nothing; needs the networks that may reach SSH",
    ],
    accepted: {},
  },
  "a host of one's own without address and keys, and with a Storage Box": {
    edition: "starter",
    refused: { ...ownHost, hostAddress: null, hostKey: null, sshPrivateKey: null, backupTarget: "storage-box" },
    says: [
      "hostAddress: got nothing; needs the address of your machine. pulumi config set hostAddress 192.0.2.10",
      "hostKey: got nothing; needs the machine's public host key, so that nobody else can pose as it.",
      "sshPrivateKey: got nothing; needs the key that signs in to your machine.",
      'backupTarget: got "storage-box"; needs s3 or none with provider own-host, for which nothing is bought.',
    ],
    accepted: ownHost,
  },
  "an address for a server that is bought": {
    edition: "starter",
    refused: { hostAddress: "192.0.2.10" },
    says: ['hostAddress: got "192.0.2.10"; needs to be absent: the server is bought'],
    accepted: { hostAddress: null },
  },
  "production without backup": {
    edition: "starter",
    refused: { backupTarget: "none" },
    says: [
      'backupTarget: got "none"; needs a place for backups in environment production. pulumi config set backupTarget storage-box',
    ],
    accepted: { backupTarget: "none", environment: "development" },
  },
  "a bucket without name and keys": {
    edition: "starter",
    refused: { backupTarget: "s3" },
    says: [
      "backupEndpoint: got nothing",
      "backupBucket: got nothing",
      "backupAccessKeyId: got nothing",
      "backupSecretKey: got nothing",
    ],
    accepted: {
      backupTarget: "s3",
      backupEndpoint: "https://hel1.your-objectstorage.com",
      backupBucket: "fidus-backup",
      backupAccessKeyId: someSecret,
      backupSecretKey: someSecret,
    },
  },
  "backups in the servers' own location": {
    edition: "pro",
    refused: { location: "hel1" },
    says: [
      'backupEndpoint: got "https://hel1.your-objectstorage.com"; needs another location than the servers\' (hel1), so that one fire does not take both. pulumi config set backupEndpoint https://nbg1.your-objectstorage.com',
    ],
    accepted: { location: "fsn1" },
  },
  "a runtime without its address": {
    edition: "starter",
    refused: { llmRuntime: "vllm" },
    says: ["llmBaseUrl: got nothing; needs the address of the vllm that you run."],
    accepted: { llmRuntime: "vllm", llmBaseUrl: "http://10.20.0.9:8000/v1" },
  },
  "an address for the embedded runtime": {
    edition: "pro",
    refused: { llmBaseUrl: "http://10.20.0.9:8000/v1" },
    says: ["llmBaseUrl: got"],
    accepted: { llmRuntime: "litellm", llmBaseUrl: "http://10.20.0.9:4000/v1" },
  },
});
