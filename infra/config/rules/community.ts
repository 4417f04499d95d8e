import { problemUnless, type Problem } from "../../core/errors.ts";
import { modelProblems } from "../../core/models.ts";
import { llmEndpoint } from "../llm-endpoint.ts";
import { ownRuntime } from "../own-runtime.ts";
import { portCommands, publishedPorts, type PublishedPort } from "../published-ports.ts";
import type { ConfigOf } from "../types.ts";
import { appSettingsRules } from "./app-settings.ts";
import { needed, rule, type Rule } from "./rule.ts";

type Community = ConfigOf<"community">;

/** What a runtime needs counts only where the application runs. */
const runtimeKeys = ["services", "llmRuntime", "llmBaseUrl"] as const;

export const communityRules: readonly Rule<Community>[] = [
  ...appSettingsRules,
  rule(runtimeKeys, ({ services, llmRuntime, llmBaseUrl }) =>
    services === "all" ? llmEndpoint(llmRuntime, llmBaseUrl).problems : [],
  ),
  rule(["services", "llmRuntime", "llmApiKey", "llmRuntimes"], ({ services, llmRuntime, llmApiKey, llmRuntimes }) =>
    services === "all" && llmRuntime === "openai" && llmRuntimes === null
      ? needed("llmApiKey", llmApiKey, "a key for llmRuntime openai", "pulumi config set --secret llmApiKey")
      : [],
  ),
  rule([...runtimeKeys, "model"], ({ services, llmRuntime, llmBaseUrl, model }) =>
    services === "all" && ownRuntime(llmRuntime, llmBaseUrl).model ? modelProblems(model, null) : [],
  ),
  rule(["domain", "certificate", "tlsCertificate", "tlsPrivateKey"], certificateProblems),
  rule(["domain", "certificate", "acmeDirectory", "acmeCa"], ({ domain, certificate, acmeDirectory, acmeCa }) =>
    domain !== null && certificate === "acme" ? acmeProblems(acmeDirectory, acmeCa) : [],
  ),
  rule(["encryptionKeyNewest", "encryptionKeyOldest"], ({ encryptionKeyNewest: newest, encryptionKeyOldest: oldest }) =>
    problemUnless(oldest <= newest, {
      path: "encryptionKeyOldest",
      got: oldest,
      rule: `at most encryptionKeyNewest, ${newest}`,
      fix: `pulumi config set encryptionKeyOldest ${newest}`,
    }),
  ),
  rule(["imageSource", "imageRegistry"], ({ imageSource, imageRegistry }) =>
    imageSource === "registry"
      ? needed("imageRegistry", imageRegistry, "a host and path for imageSource registry", "./fidus choose --no-registry")
      : [],
  ),
  rule(
    ["services", "domain", "bindAddress", "pagePort", "apiPort", "httpPort", "httpsPort", "postgresPort", "redisPort"],
    (config) => portProblems(publishedPorts(config)),
  ),
];

/** A certificate without a domain, a domain with half a certificate. */
function certificateProblems({
  domain,
  certificate,
  tlsCertificate,
  tlsPrivateKey,
}: Pick<Community, "domain" | "certificate" | "tlsCertificate" | "tlsPrivateKey">): Problem[] {
  if (domain === null)
    return problemUnless(certificate === "files", {
      path: "certificate",
      got: certificate,
      rule: "a domain that the certificate is for",
      fix: "pulumi config rm certificate",
    });
  return problemUnless(certificate === "acme" || (tlsCertificate !== null && tlsPrivateKey !== null), {
    path: "domain",
    got: domain,
    rule: "tlsCertificate and tlsPrivateKey beside it, or certificate acme",
    fix: "pulumi config set --secret tlsPrivateKey < key.pem; pulumi config set --secret tlsCertificate < chain.pem",
  });
}

/** What an ACME server must be: reached over TLS, and trusted by certificates, not by the name of a file. */
export function acmeProblems(acmeDirectory: string, acmeCa: string | null): Problem[] {
  return [
    ...problemUnless(acmeDirectory.startsWith("https://"), {
      path: "acmeDirectory",
      got: acmeDirectory,
      rule: "an https:// URL",
      fix: "pulumi config rm acmeDirectory",
    }),
    ...problemUnless(acmeCa === null || acmeCa.includes("-----BEGIN CERTIFICATE-----"), {
      path: "acmeCa",
      got: acmeCa,
      rule: "certificates in PEM",
      fix: "pulumi config set acmeCa < ca.pem",
    }),
  ];
}

function portProblems(published: readonly PublishedPort[]): Problem[] {
  return published.flatMap(({ key, port }, index) =>
    problemUnless(!published.slice(0, index).some((other) => other.port === port), {
      path: key,
      got: port,
      rule: "a port of its own",
      fix: `${portCommands[key]} ${port < 65_535 ? port + 1 : port - 1}`,
    }),
  );
}
