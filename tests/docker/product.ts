import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import getPort, { portNumbers } from "get-port";
import { lines, stackContainers, type StackContainer } from "../../cli/containers.ts";
import { dockerCli, type Docker } from "../../infra/images/docker-cli.ts";

/** How a command line ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A product of its own for one test file: own data folder, installation id and ports; the caches are shared. */
export interface Product {
  readonly data: string;
  readonly pagePort: number;
  readonly apiPort: number;
  readonly url: string;
  readonly env: NodeJS.ProcessEnv;
  /** Runs `./fidus ARGS`. */
  fidus(...args: string[]): Promise<Ended>;
  /** `./fidus up community` on this product's ports, with the demo model; its JSON. */
  up(...args: string[]): Promise<UpJson>;
  /** A plain `pulumi ARGS` with the variables of `./fidus env`. */
  pulumi(...args: string[]): Promise<Ended>;
  /** A command as a message names it, pasted into a shell in the checkout after `eval "$(./fidus env)"`. */
  paste(command: string): Promise<Ended>;
  /** `./fidus ARGS` on this product with more environment, or from another checkout. */
  elsewhere(where: { readonly root?: string; readonly env?: NodeJS.ProcessEnv }, ...args: string[]): Promise<Ended>;
  /** `pulumi config set` with the values on stdin, as docs/community.md has it; `flags` such as `--secret`. */
  configure(values: Readonly<Record<string, string>>, ...flags: string[]): Promise<void>;
  /** The installation id, once there is one. */
  id(): Promise<string>;
  /** Its containers as the engine sees them now, or those of one role. */
  containers(role?: string): Promise<StackContainer[]>;
  /** Removes everything the product made, by its id. */
  remove(): Promise<void>;
}

export interface UpJson {
  readonly url: string;
  readonly changes: Readonly<Record<string, number>>;
  readonly admin: { readonly email: string; readonly password: string; readonly apiKey: string } | null;
  readonly proof: { readonly events: number; readonly completionTokens: number; readonly firstTokenMs: number } | null;
  readonly demo: boolean;
}

export const checkout = join(import.meta.dirname, "../..");
export const docker = dockerCli();

/** The roles that variant 1 runs, sorted. */
export const variant1 = ["api", "llm", "postgres", "proxy", "redis", "web", "worker"];

export interface ProductOptions {
  /** Where its `./fidus` lies. @default this checkout */
  readonly root?: string;
  /** Its XDG_DATA_HOME. @default a new folder */
  readonly data?: string;
  /** Added to the environment of its commands. @default nothing */
  readonly settings?: NodeJS.ProcessEnv;
  /** Command line that its commands run behind, such as `nsenter --net=FILE`. @default none */
  readonly within?: readonly string[];
}

/** Makes the folders and picks the ports; starts nothing. */
export async function newProduct(options: ProductOptions = {}): Promise<Product> {
  const { root = checkout, data = mkdtempSync(join(tmpdir(), "fidus-product-")), settings = {}, within = [] } = options;
  const [pagePort, apiPort] = [await laterPort(), await laterPort()];
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    XDG_DATA_HOME: data,
    XDG_CACHE_HOME: cache,
    FIDUS_INSTALLATION: "",
    ...settings,
  };
  const [command = "", ...before] = [...within, join(root, "fidus")];
  const fidus = (...args: string[]): Promise<Ended> =>
    end(execa(command, [...before, ...args], { env, reject: false, stdin: "ignore" }));
  const runPulumi = async (args: readonly string[], input: string): Promise<Ended> => {
    const exported = JSON.parse((await fidus("env", "community", "--json")).stdout) as Record<string, string>;
    const options = { cwd: root, env: { ...env, ...exported }, reject: false, input } as const;
    return end(execa("pulumi", [...args, "--non-interactive", "--color", "never"], options));
  };
  const product: Product = {
    data,
    pagePort,
    apiPort,
    url: `http://localhost:${pagePort}`,
    env,
    fidus,
    async up(...args) {
      const ports = ["--port", String(pagePort), "--api-port", String(apiPort)];
      const model = args.includes("--model") ? [] : ["--model", "smollm2:135m"];
      const ended = await fidus("up", "community", "--json", ...ports, ...model, ...args);
      if (ended.code !== 0) throw new Error(`./fidus up ended with ${ended.code}:\n${ended.stderr}`);
      return JSON.parse(ended.stdout) as UpJson;
    },
    pulumi: (...args) => runPulumi(args, ""),
    paste: (command) =>
      end(execa("sh", ["-c", `eval "$(./fidus env)" && ${command}`], { cwd: root, env, reject: false, stdin: "ignore" })),
    async elsewhere({ root: other = root, env: more = {} }, ...args) {
      const installation = other === root ? {} : { FIDUS_INSTALLATION: await product.id() };
      return end(
        execa(join(other, "fidus"), args, { env: { ...env, ...installation, ...more }, reject: false, stdin: "ignore" }),
      );
    },
    async configure(values, ...flags) {
      for (const [key, value] of Object.entries(values)) {
        const { code, stderr } = await runPulumi(["config", "set", key, "--stack", "community", ...flags], value);
        if (code !== 0) throw new Error(`pulumi config set ${key} ended with ${code}:\n${stderr}`);
      }
    },
    id: async () =>
      (JSON.parse((await fidus("env", "community", "--json")).stdout) as { FIDUS_INSTALLATION: string }).FIDUS_INSTALLATION,
    async containers(role) {
      const all = await stackContainers(dockerCli({ env }), await product.id(), "community");
      return role === undefined ? all : all.filter((container) => container.role === role);
    },
    async remove() {
      const id = await product.id();
      await fidus("uninstall", "--yes");
      await removeByLabel(dockerCli({ env }), id);
      rmSync(data, { recursive: true, force: true });
    },
  };
  return product;
}

/**
 * A port for what listens only later: below those that the kernel gives to outgoing connections (32768 and up), which could
 * take it meanwhile.
 */
export function laterPort(): Promise<number> {
  const first = 12_000 + Math.floor(Math.random() * 18_000);
  return getPort({ port: portNumbers(first, first + 1_000) });
}

/** How a started command line ended. */
export async function end(
  running: PromiseLike<{ exitCode?: number | undefined; stdout?: unknown; stderr?: unknown }>,
): Promise<Ended> {
  const { exitCode, stdout, stderr } = await running;
  return { code: exitCode ?? 1, stdout: String(stdout ?? ""), stderr: String(stderr ?? "") };
}

/** Whatever bears the id and is still there: tests clean up even where `uninstall` is what failed. */
async function removeByLabel(docker: Docker, id: string): Promise<void> {
  const filter = ["--quiet", "--filter", `label=fidus.installation=${id}`];
  for (const [list, remove] of [
    [
      ["ps", "--all"],
      ["rm", "--force"],
    ],
    [
      ["network", "ls"],
      ["network", "rm"],
    ],
    [
      ["volume", "ls"],
      ["volume", "rm"],
    ],
  ] as const) {
    const ids = lines(await docker([...list, ...filter]));
    if (ids.length > 0) await docker([...remove, ...ids]);
  }
}

/** What `--json` printed of a failure. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly { readonly path: string; readonly got?: unknown; readonly rule: string; readonly fix: string }[];
}

export function failureOf({ stdout }: Ended): Failure {
  return (JSON.parse(stdout) as { error: Failure }).error;
}
