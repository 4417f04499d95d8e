import { problemUnless, type Problem } from "../../core/errors.ts";
import type { ConfigOf } from "../types.ts";
import { needed, rule, type Rule } from "./rule.ts";

type Community = ConfigOf<"community">;

export const communityRules: readonly Rule<Community>[] = [
  rule(["domain", "certificate"], ({ domain, certificate }) =>
    problemUnless(domain !== null || certificate === "files", {
      path: "certificate",
      got: certificate,
      rule: "a domain that the certificate is for",
      fix: "pulumi config set domain fidus.example.com",
    }),
  ),
  rule(["domain", "certificate", "tlsCertificate", "tlsPrivateKey"], ({ domain, certificate, tlsCertificate, tlsPrivateKey }) =>
    problemUnless(domain === null || certificate === "acme" || (tlsCertificate !== null && tlsPrivateKey !== null), {
      path: "domain",
      got: domain,
      rule: "tlsCertificate and tlsPrivateKey beside it, or certificate acme",
      fix: "pulumi config set --secret tlsPrivateKey < key.pem; pulumi config set --secret tlsCertificate < chain.pem",
    }),
  ),
  rule(["domain", "certificate", "acmeDirectory", "acmeCa"], ({ domain, certificate, acmeDirectory, acmeCa }) =>
    domain !== null && certificate === "acme" ? acmeProblems(acmeDirectory, acmeCa) : [],
  ),
  rule(["services", "llmRuntime", "llmApiKey"], ({ services, llmRuntime, llmApiKey }) =>
    services === "all" && llmRuntime === "openai"
      ? needed("llmApiKey", llmApiKey, "a key for llmRuntime openai", "pulumi config set --secret llmApiKey")
      : [],
  ),
  rule(["domain", "pagePort", "apiPort", "httpPort", "httpsPort"], ({ domain, pagePort, apiPort, httpPort, httpsPort }) =>
    domain === null ? portProblems("apiPort", apiPort, pagePort) : portProblems("httpsPort", httpsPort, httpPort),
  ),
];

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

function portProblems(path: string, port: number, other: number): Problem[] {
  return problemUnless(port !== other, {
    path,
    got: port,
    rule: "a port of its own",
    fix: `pulumi config set ${path} ${port + 1}`,
  });
}
