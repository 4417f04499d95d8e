import type { StackConfig } from "../config/read.ts";
import { problemUnless, type Problem } from "../core/errors.ts";
import type { AcmeSettings } from "./acme-certificate.ts";
import type { GivenCertificate } from "./proxy.ts";

type CertificateConfig = Pick<
  StackConfig<"community">,
  "domain" | "certificate" | "tlsCertificate" | "tlsPrivateKey" | "acmeDirectory" | "acmeEmail" | "acmeCa"
>;

/** Where the domain's certificate comes from; null without a domain, or where what it takes is missing. */
export function certificateOf(cfg: CertificateConfig): GivenCertificate | AcmeSettings | null {
  const { domain, tlsCertificate: chain, tlsPrivateKey: key } = cfg;
  if (domain === null) return null;
  if (cfg.certificate === "acme") return { kind: "acme", directory: cfg.acmeDirectory, email: cfg.acmeEmail, ca: cfg.acmeCa };
  return chain === null || key === null ? null : { kind: "files", chain, key };
}

/** Half a certificate, ACME settings that cannot work: one Problem each. */
export function certificateProblems(cfg: CertificateConfig): Problem[] {
  const { domain, certificate } = cfg;
  if (domain === null)
    return problemUnless(certificate === "files", {
      path: "certificate",
      got: certificate,
      rule: "a domain that the certificate is for",
      fix: "pulumi config set domain fidus.example.com",
    });
  if (certificate === "acme") return acmeProblems(cfg);
  return problemUnless(certificateOf(cfg) !== null, {
    path: "domain",
    got: domain,
    rule: "tlsCertificate and tlsPrivateKey beside it, or certificate acme",
    fix: "pulumi config set --secret tlsPrivateKey < key.pem; pulumi config set --secret tlsCertificate < chain.pem",
  });
}

function acmeProblems({ acmeCa, acmeDirectory }: CertificateConfig): Problem[] {
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
