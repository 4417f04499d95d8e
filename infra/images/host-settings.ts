import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { execa } from "execa";
import { join } from "node:path";

/** How this machine reaches package registries. Used by build steps only; nothing of it may reach an image. */
export interface HostSettings {
  /** Debian 13 package sources in one-line form; [] when this machine names no Debian mirror. */
  readonly sources: readonly string[];
  /** Lines of an apt configuration: proxies, retries. */
  readonly aptConfig: readonly string[];
  /** Certificates to trust while building, PEM; null: those of the image. */
  readonly certificates: string | null;
  /** Lines of pip's [global] section. */
  readonly pipConfig: readonly string[];
}

/** Suite of every image. */
export const suite = "trixie";

/** Where this machine's apt finds one suite, as `apt-get indextargets` prints it. */
interface AptTarget {
  readonly uri: string;
  readonly release: string;
  readonly component: string;
}

/**
 * Reads the machine's own settings: apt's sources and proxies, pip's index, the extra CA. Missing programs mean "nothing set".
 * `FIDUS_DEBIAN_MIRROR` (and `FIDUS_DEBIAN_SECURITY_MIRROR`) in `env` come before apt's sources.
 */
export async function readHostSettings(env: NodeJS.ProcessEnv): Promise<HostSettings> {
  const format = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)";
  const [targets, config, pip] = await Promise.all([
    output("apt-get", ["indextargets", "--format", format, "Created-By: Packages"], env),
    output("apt-config", ["dump", "Acquire"], env),
    output("pip", ["config", "list"], env),
  ]);
  return {
    sources: env["FIDUS_DEBIAN_MIRROR"]
      ? mirrorSources(env["FIDUS_DEBIAN_MIRROR"], env["FIDUS_DEBIAN_SECURITY_MIRROR"])
      : debianSources(parseTargets(targets)),
    aptConfig: aptProxyLines(config, env),
    certificates: await readCertificates(env),
    pipConfig: pipLines(pip, env),
  };
}

/** Everything this machine was told to trust: its bundle and what the variables name, which may be one extra CA only. */
async function readCertificates(env: NodeJS.ProcessEnv): Promise<string | null> {
  const named = [env["SSL_CERT_FILE"], env["NODE_EXTRA_CA_CERTS"]].filter((path) => path !== undefined && path !== "");
  const paths = new Set(named.length === 0 ? [] : ["/etc/ssl/certs/ca-certificates.crt", ...named]);
  const texts = await Promise.all([...paths].map((path) => readFile(path ?? "", "utf8").catch(() => "")));
  const text = texts.filter((part) => part !== "").join("\n");
  return text === "" ? null : text;
}

/** Source lines for the images' suite from those of a Debian host of whatever release; [] unless main and security are named. */
export function debianSources(targets: readonly AptTarget[]): string[] {
  const main = targets.filter(({ component }) => component === "main");
  const security = main.find(({ release }) => /^[a-z]+-security$/.test(release));
  const codename = security?.release.replace("-security", "");
  const archive = main.find(({ release }) => release === codename);
  // Ubuntu has suites of the same form; Debian keeps security updates under a root of their own, Ubuntu may not.
  if (!security || !archive || !/debian/i.test(`${archive.uri} ${security.uri}`) || /ubuntu/i.test(archive.uri)) return [];
  return sourceLines(archive.uri, security.uri);
}

/** Source lines for a mirror given by the operator; the security archive is its sibling unless given. */
export function mirrorSources(mirror: string, security?: string): string[] {
  const archive = mirror.replace(/\/+$/, "");
  return sourceLines(archive, security ?? `${archive.replace(/\/debian$/, "")}/debian-security`);
}

function sourceLines(archive: string, security: string): string[] {
  const [a, s] = [archive, security].map((uri) => uri.replace(/\/+$/, ""));
  return [`deb ${a} ${suite} main`, `deb ${a} ${suite}-updates main`, `deb ${s} ${suite}-security main`];
}

function parseTargets(text: string): AptTarget[] {
  return text
    .split("\n")
    .map((line) => line.split("|"))
    .flatMap(([uri, release, component]) => (uri && release && component ? [{ uri, release, component }] : []));
}

/** apt's proxies (from its own configuration, else from the usual variables) as configuration lines. */
export function aptProxyLines(dump: string, env: NodeJS.ProcessEnv): string[] {
  const own = dump.split("\n").filter((line) => /^Acquire::https?::(Proxy|Proxy::[^ ]+|Verify-Peer|Verify-Host) "/i.test(line));
  if (own.length > 0) return own;
  return (["http", "https"] as const).flatMap((scheme) => {
    const proxy = env[`${scheme}_proxy`] ?? env[`${scheme.toUpperCase()}_PROXY`];
    return proxy ? [`Acquire::${scheme}::Proxy "${proxy}";`] : [];
  });
}

/** pip's index settings from `pip config list`, variables (`:env:`) after files as pip itself ranks them. */
export function pipLines(list: string, env: NodeJS.ProcessEnv): string[] {
  const kept = new Map<string, string>();
  for (const line of list.split("\n")) {
    const match =
      /^(?:global|install|site|user|:env:)\.(index-url|extra-index-url|trusted-host|proxy|timeout|default-timeout)='(.*)'$/.exec(
        line,
      );
    if (match?.[1] !== undefined && match[2] !== undefined) kept.set(match[1].replace("default-", ""), match[2]);
  }
  const proxy = env["HTTPS_PROXY"] ?? env["https_proxy"];
  if (proxy && !kept.has("proxy")) kept.set("proxy", proxy);
  return [...kept].map(([key, value]) => `${key} = ${value}`);
}

/**
 * Writes the settings as the folder `.host` of a build context, together with the scripts of build stages. Dockerfiles copy
 * it into a stage that is thrown away, never into the final one.
 */
export async function writeHostFolder(context: string, settings: HostSettings, scripts: string): Promise<void> {
  const folder = join(context, ".host");
  await mkdir(folder, { recursive: true });
  const { certificates } = settings;
  if (certificates !== null) await writeFile(join(folder, "ca.crt"), certificates);
  const apt = [
    ...(settings.sources.length === 0 ? [] : ['Dir::Etc::SourceList "/.host/sources.list";', 'Dir::Etc::SourceParts "-";']),
    'Acquire::Retries "3";',
    'Acquire::Languages "none";',
    'APT::Install-Recommends "false";',
    // Else a mirror that does not answer is a warning, and the error is a package that is not found.
    'APT::Update::Error-Mode "any";',
    ...(certificates === null ? [] : ['Acquire::https::CAInfo "/.host/ca.crt";']),
    ...settings.aptConfig,
  ];
  const pip = ["[global]", ...(certificates === null ? [] : ["cert = /.host/ca.crt"]), ...settings.pipConfig];
  await Promise.all([
    writeFile(join(folder, "sources.list"), lines(settings.sources)),
    writeFile(join(folder, "apt.conf"), lines(apt)),
    writeFile(join(folder, "pip.conf"), lines(pip)),
    copyFile(join(scripts, "install"), join(folder, "install")),
    copyFile(join(scripts, "delta"), join(folder, "delta")),
  ]);
}

function lines(values: readonly string[]): string {
  return values.map((value) => `${value}\n`).join("");
}

async function output(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const result = await execa(program, args, { env, extendEnv: false, reject: false, stderr: "ignore", timeout: 30_000 });
  return result.failed ? "" : result.stdout;
}
