import type { Edition, KeySpec } from "../spec.ts";

/** Where the domain's certificate comes from. */
export const certificateSources = ["files", "acme"] as const;
export type CertificateSource = (typeof certificateSources)[number];

/** Kinds on servers: besides, ACME proved by a DNS record, and Cloudflare's own for what it proxies. */
const certificatesOnServers = ["files", "acme", "acme-dns", "cloudflare-origin"] as const;

const all = ["community", "starter", "pro", "enterprise-global", "enterprise-region"] as const satisfies readonly Edition[];
const onHosts = ["community", "starter", "pro"] as const satisfies readonly Edition[];

/** The public name, its DNS records and its certificate. */
export const domainKeys = {
  domain: {
    type: "domain",
    default: null,
    editions: all,
    effect: "restart",
    example: "assistant.example.com",
    in: {
      starter: { required: true, effect: "update" },
      pro: { required: true, effect: "update" },
      "enterprise-global": { required: true, effect: "replace" },
      "enterprise-region": { required: true, planned: true },
    },
    about: "Public host name; turns on TLS, redirect and HSTS.",
  },
  dnsProvider: {
    type: "choice",
    allowed: ["cloudflare", "hetzner", "none"],
    default: "cloudflare",
    editions: ["starter", "pro"],
    effect: "replace",
    about: "Who holds the domain's records; none = you make them yourself.",
  },
  cloudflareZoneId: {
    type: "string",
    form: { pattern: /^[0-9a-f]{32}$/, rule: "32 hexadecimal characters, from the zone's overview page" },
    default: null,
    editions: ["starter", "pro"],
    effect: "replace",
    about: "Zone that holds the domain, for dnsProvider cloudflare.",
  },
  cloudflareToken: {
    type: "string",
    secret: true,
    default: null,
    editions: ["starter", "pro"],
    effect: "update",
    about: "Cloudflare token that may edit the DNS records of that one zone (and its certificates, for cloudflare-origin).",
  },
  cloudflareProxied: {
    type: "boolean",
    default: false,
    editions: ["starter", "pro"],
    effect: "update",
    about: "Whether traffic goes through Cloudflare. Its proxy ends an answer after 125 s of silence.",
  },
  dnsZone: {
    type: "domain",
    default: null,
    editions: ["starter", "pro", "enterprise-global"],
    effect: "replace",
    example: "example.com",
    in: { "enterprise-global": { effect: "refused" } },
    about: "Zone that holds the domain: for dnsProvider hetzner; in enterprise the Route 53 zone to create.",
  },
  dnsTtl: {
    type: "duration",
    between: ["60 s", "1 days"],
    default: "60 s",
    editions: ["starter", "pro"],
    effect: "update",
    about: "How long resolvers may keep the domain's address; both providers refuse less than a minute.",
  },
  certificate: {
    type: "choice",
    allowed: certificateSources,
    default: "files",
    editions: onHosts,
    effect: "restart",
    in: {
      starter: { allowed: certificatesOnServers, default: "acme", planned: true },
      pro: { allowed: certificatesOnServers, default: "acme-dns", planned: true },
    },
    about:
      "files = tlsCertificate and tlsPrivateKey; acme = issued and renewed by itself, proved over HTTP on port 80; acme-dns = the same, proved by a DNS record; cloudflare-origin = Cloudflare's, for what it proxies.",
  },
  acmeEmail: {
    type: "email",
    default: null,
    editions: onHosts,
    effect: "restart",
    example: "you@example.com",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "Where the ACME server may write to, for certificate acme.",
  },
  acmeDirectory: {
    type: "url",
    default: "https://acme-v02.api.letsencrypt.org/directory",
    editions: onHosts,
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "Directory of the ACME server, for certificate acme; by using it you accept its terms of service.",
  },
  acmeCa: {
    type: "string",
    default: null,
    editions: onHosts,
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "PEM certificates to trust for a private ACME server: that of its own TLS, and the root of what it issues.",
  },
  tlsCertificate: {
    type: "string",
    secret: true,
    default: null,
    editions: onHosts,
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "PEM certificate chain for the domain.",
  },
  tlsPrivateKey: {
    type: "string",
    secret: true,
    default: null,
    editions: onHosts,
    effect: "restart",
    in: { starter: { planned: true }, pro: { planned: true } },
    about: "PEM private key that belongs to tlsCertificate.",
  },
} as const satisfies Record<string, KeySpec>;
