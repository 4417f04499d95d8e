import { problemUnless, type Problem } from "../../core/errors.ts";
import { isSoldIn, serverTypes, type ServerTypeName } from "../../core/server-types.ts";
import type { ConfigOf } from "../types.ts";
import { acmeProblems } from "./community.ts";
import { needed, rule, unwanted, type Rule } from "./rule.ts";

type Starter = ConfigOf<"starter">;
type Pro = ConfigOf<"pro">;
/** The keys that both have, as the looser of the two has them. */
type Hosts = Pick<Starter, keyof Starter & keyof Pro>;

const hosts = <const K extends keyof Hosts & string>(
  reads: readonly K[],
  check: (config: Pick<Hosts, K>) => readonly Problem[],
): Rule<Hosts> => rule<Hosts, K>(reads, check);

/** What both refuse. */
export const onHosts: readonly Rule<Hosts>[] = [
  hosts(["nightSleep"], ({ nightSleep }) =>
    unwanted(
      "nightSleep",
      nightSleep,
      "Hetzner bills a server that is switched off like one that runs, so sleep saves nothing; take serverSize small",
    ),
  ),
  hosts(["dnsProvider", "cloudflareZoneId", "cloudflareToken"], ({ dnsProvider, cloudflareZoneId, cloudflareToken }) =>
    dnsProvider !== "cloudflare"
      ? []
      : [
          ...needed(
            "cloudflareZoneId",
            cloudflareZoneId,
            "the zone for dnsProvider cloudflare",
            "pulumi config set cloudflareZoneId 0123456789abcdef0123456789abcdef",
          ),
          ...needed(
            "cloudflareToken",
            cloudflareToken,
            "a token for dnsProvider cloudflare",
            "pulumi config set --secret cloudflareToken",
          ),
        ],
  ),
  hosts(["dnsProvider", "dnsZone", "hcloudToken"], ({ dnsProvider, dnsZone, hcloudToken }) =>
    dnsProvider !== "hetzner"
      ? []
      : [
          ...needed("dnsZone", dnsZone, "the zone for dnsProvider hetzner", "pulumi config set dnsZone example.com"),
          ...needed("hcloudToken", hcloudToken, "a token for dnsProvider hetzner", "pulumi config set --secret hcloudToken"),
        ],
  ),
  hosts(["domain", "dnsZone"], ({ domain, dnsZone }) => zoneProblems(domain, dnsZone)),
  hosts(["dnsProvider", "cloudflareProxied"], ({ dnsProvider, cloudflareProxied }) =>
    problemUnless(!cloudflareProxied || dnsProvider === "cloudflare", {
      path: "cloudflareProxied",
      got: true,
      rule: "dnsProvider cloudflare: only its own names go through its proxy",
      fix: "pulumi config set cloudflareProxied false",
    }),
  ),
  hosts(["certificate", "dnsProvider", "cloudflareProxied"], certificateKindProblems),
  hosts(["certificate", "tlsCertificate", "tlsPrivateKey"], ({ certificate, tlsCertificate, tlsPrivateKey }) =>
    certificate !== "files"
      ? []
      : [
          ...needed(
            "tlsCertificate",
            tlsCertificate,
            "the chain for certificate files",
            "pulumi config set --secret tlsCertificate < chain.pem",
          ),
          ...needed(
            "tlsPrivateKey",
            tlsPrivateKey,
            "the key for certificate files",
            "pulumi config set --secret tlsPrivateKey < key.pem",
          ),
        ],
  ),
  hosts(["certificate", "acmeDirectory", "acmeCa"], ({ certificate, acmeDirectory, acmeCa }) =>
    certificate.startsWith("acme") ? acmeProblems(acmeDirectory, acmeCa) : [],
  ),
  hosts(["llmRuntime", "llmBaseUrl", "llmApiKey"], runtimeProblems),
  hosts(["backupEndpoint"], ({ backupEndpoint }) => {
    const url = backupEndpoint === null ? null : new URL(backupEndpoint);
    const safe = url === null || url.protocol === "https:" || ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
    return problemUnless(safe, {
      path: "backupEndpoint",
      got: backupEndpoint,
      rule: "https://: the backups go there over the internet",
      fix: `pulumi config set backupEndpoint https://${url?.host ?? ""}`,
    });
  }),
];

/** Pairs that cannot work: the proof of the name would not reach who asks for it, or nobody would trust the result. */
export function certificateKindProblems({
  certificate,
  dnsProvider,
  cloudflareProxied,
}: Pick<Hosts, "certificate" | "dnsProvider" | "cloudflareProxied">): Problem[] {
  const bad = (reason: string, better: string): Problem[] => [
    { path: "certificate", got: certificate, rule: reason, fix: `pulumi config set certificate ${better}` },
  ];
  if (certificate === "acme" && cloudflareProxied)
    return bad("a name that is not proxied: Cloudflare would answer the proof over HTTP", "acme-dns");
  if (certificate === "acme-dns" && dnsProvider === "none") return bad("a dnsProvider in which the proof can be written", "acme");
  if (certificate === "cloudflare-origin" && !(dnsProvider === "cloudflare" && cloudflareProxied))
    return bad("dnsProvider cloudflare and cloudflareProxied true: only Cloudflare's proxy trusts that certificate", "acme-dns");
  return [];
}

function runtimeProblems({
  llmRuntime,
  llmBaseUrl,
  llmApiKey,
}: Pick<Hosts, "llmRuntime" | "llmBaseUrl" | "llmApiKey">): Problem[] {
  switch (llmRuntime) {
    case "embedded":
      return unwanted("llmBaseUrl", llmBaseUrl, "embedded runs in the stack");
    case "openai":
      return needed("llmApiKey", llmApiKey, "a key for llmRuntime openai", "pulumi config set --secret llmApiKey");
    case "ollama":
    case "vllm":
      return needed(
        "llmBaseUrl",
        llmBaseUrl,
        `the address of the ${llmRuntime} that you run`,
        "pulumi config set llmBaseUrl https://llm.internal/v1",
      );
    case "litellm":
      return [];
    default:
      return llmRuntime satisfies never;
  }
}

/** The domain lies in the zone that holds its records. */
export function zoneProblems(domain: string, dnsZone: string | null): Problem[] {
  return problemUnless(dnsZone === null || domain === dnsZone || domain.endsWith(`.${dnsZone}`), {
    path: "domain",
    got: domain,
    rule: `a name in the zone ${dnsZone ?? ""}`,
    fix: `pulumi config set domain assistant.${dnsZone ?? ""}`,
  });
}

/** A list may not mix processors unless the images exist for all of them: the fall-back would start nothing. */
export function architectureProblems(
  path: string,
  types: readonly ServerTypeName[] | null,
  built: readonly ("x86" | "arm")[],
): Problem[] {
  const foreign = (types ?? []).filter((name) => !built.includes(serverTypes[name].architecture));
  const kept = (types ?? []).filter((name) => !foreign.includes(name));
  return problemUnless(foreign.length === 0, {
    path,
    got: types?.join(","),
    rule: `server types of an architecture that images exist for (${built.join(", ")}), which ${foreign.join(", ")} is not`,
    fix: kept.length > 0 ? `pulumi config set ${path} ${kept.join(",")}` : "pulumi config set imageArchitectures x86,arm",
  });
}

/** A type can be bought in some locations only. */
export function locationProblems(path: string, types: readonly ServerTypeName[] | null, location: string): Problem[] {
  const sold = (types ?? []).filter((name) => isSoldIn(name, location));
  return problemUnless(sold.length === (types ?? []).length, {
    path,
    got: types?.join(","),
    rule: `server types that Hetzner sells in ${location}`,
    fix: `pulumi config set ${path} ${sold.length > 0 ? sold.join(",") : "ccx33,ccx43"}`,
  });
}

const starterOnly: readonly Rule<Starter>[] = [
  rule(["provider", "hcloudToken", "adminRanges"], ({ provider, hcloudToken, adminRanges }) =>
    provider !== "hetzner"
      ? []
      : [
          ...needed("hcloudToken", hcloudToken, "a token for provider hetzner", "pulumi config set --secret hcloudToken"),
          ...needed(
            "adminRanges",
            adminRanges,
            "the networks that may reach SSH",
            "pulumi config set adminRanges 203.0.113.0/24",
          ),
        ],
  ),
  rule(["provider", "hostAddress", "hostKey", "sshPrivateKey"], ({ provider, hostAddress, hostKey, sshPrivateKey }) =>
    provider === "hetzner"
      ? [
          ...unwanted("hostAddress", hostAddress, "the server is bought; for one of yours: pulumi config set provider own-host"),
          ...unwanted("hostKey", hostKey, "the server's key is made with it"),
        ]
      : [
          ...needed("hostAddress", hostAddress, "the address of your machine", "pulumi config set hostAddress 192.0.2.10"),
          ...needed(
            "hostKey",
            hostKey,
            "the machine's public host key, so that nobody else can pose as it",
            "pulumi config set hostKey 'ssh-ed25519 AAAA…'",
          ),
          ...needed(
            "sshPrivateKey",
            sshPrivateKey,
            "the key that signs in to your machine",
            "pulumi config set --secret sshPrivateKey < ~/.ssh/id_ed25519",
          ),
        ],
  ),
  rule(["serverTypes", "imageArchitectures"], ({ serverTypes: types, imageArchitectures }) =>
    architectureProblems("serverTypes", types, imageArchitectures),
  ),
  rule(["provider", "serverTypes", "location"], ({ provider, serverTypes: types, location }) =>
    provider === "hetzner" ? locationProblems("serverTypes", types, location) : [],
  ),
  rule(["environment", "backupTarget"], ({ environment, backupTarget }) =>
    problemUnless(environment !== "production" || backupTarget !== "none", {
      path: "backupTarget",
      got: "none",
      rule: "a place for backups in environment production",
      fix: "pulumi config set backupTarget storage-box",
    }),
  ),
  rule(["provider", "backupTarget"], ({ provider, backupTarget }) =>
    problemUnless(provider === "hetzner" || backupTarget !== "storage-box", {
      path: "backupTarget",
      got: "storage-box",
      rule: "s3 or none with provider own-host, for which nothing is bought",
      fix: "pulumi config set backupTarget s3",
    }),
  ),
  rule(
    ["backupTarget", "backupEndpoint", "backupBucket", "backupAccessKeyId", "backupSecretKey"],
    ({ backupTarget, backupEndpoint, backupBucket, backupAccessKeyId, backupSecretKey }) =>
      backupTarget !== "s3"
        ? []
        : [
            ...needed(
              "backupEndpoint",
              backupEndpoint,
              "the endpoint for backupTarget s3",
              "pulumi config set backupEndpoint https://hel1.your-objectstorage.com",
            ),
            ...needed(
              "backupBucket",
              backupBucket,
              "the bucket for backupTarget s3",
              "pulumi config set backupBucket fidus-backup",
            ),
            ...needed(
              "backupAccessKeyId",
              backupAccessKeyId,
              "an access key for backupTarget s3",
              "pulumi config set --secret backupAccessKeyId",
            ),
            ...needed(
              "backupSecretKey",
              backupSecretKey,
              "a secret key for backupTarget s3",
              "pulumi config set --secret backupSecretKey",
            ),
          ],
  ),
];

export const starterRules: readonly Rule<Starter>[] = [...onHosts, ...starterOnly];
