import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

/** PEM texts of a self-signed certificate for the domain, good for a day. */
export async function selfSigned(domain: string): Promise<{ readonly chain: string; readonly key: string }> {
  const folder = mkdtempSync(join(tmpdir(), "fidus-certificate-"));
  try {
    const [key, chain] = [join(folder, "tls.key"), join(folder, "tls.crt")];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    const subject = ["-subj", "/CN=fidus", "-addext", `subjectAltName=DNS:${domain}`];
    await execa("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", chain]);
    return { chain: readFileSync(chain, "utf8"), key: readFileSync(key, "utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
