import type { StackConfig } from "../config/read.ts";
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
