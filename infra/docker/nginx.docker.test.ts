import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TestEngine } from "../images/testing.ts";
import { nginxConf } from "./nginx.ts";

let folder = "";
let image = "";

beforeAll(async () => {
  image = (await new TestEngine().images("proxy")).proxy;
  folder = mkdtempSync(join(tmpdir(), "fidus-nginx-"));
  chmodSync(folder, 0o755);
  const subject = ["-subj", "/CN=fidus.example", "-days", "1"];
  const files = ["-keyout", join(folder, "tls.key"), "-out", join(folder, "tls.crt")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  execFileSync("openssl", ["req", "-x509", ...curve, "-nodes", ...subject, ...files], { stdio: "ignore" });
  chmodSync(join(folder, "tls.key"), 0o644);
  // As the ACME client writes it: both in one file.
  const pair = readFileSync(join(folder, "tls.crt"), "utf8") + readFileSync(join(folder, "tls.key"), "utf8");
  writeFileSync(join(folder, "tls.pem"), pair);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The shipped nginx on this configuration: its exit code and what it says. */
function check(conf: string): { readonly code: number | null; readonly said: string } {
  writeFileSync(join(folder, "nginx.conf"), conf);
  const mount = [
    "-v",
    `${folder}:/run/fidus:ro`,
    "-v",
    `${folder}:/run/certs:ro`,
    "--tmpfs",
    "/tmp",
    "--read-only",
    "--network",
    "none",
  ];
  const { status, stderr } = spawnSync(
    "docker",
    ["run", "--rm", ...mount, "--entrypoint", "nginx", image, "-t", "-c", "/run/fidus/nginx.conf"],
    { encoding: "utf8" },
  );
  return { code: status, said: stderr };
}

const variants = {
  "without a domain": { domain: null },
  "with a domain and given files": { domain: "fidus.example" },
  "with a domain and ACME": { domain: "fidus.example", certificate: "acme", httpsPort: 8443 },
} as const;

for (const [name, settings] of Object.entries(variants)) {
  test(`the shipped nginx accepts the configuration ${name}`, () => {
    const { code, said } = check(nginxConf(settings));
    expect(said).toContain("syntax is ok");
    expect(code).toBe(0);
  });
}

test("the shipped nginx refuses a broken configuration", () => {
  const { code, said } = check(nginxConf({ domain: null }).replace("listen 8080;", "listen;"));
  expect(said).toContain("invalid number of arguments");
  expect(code).toBe(1);
});
