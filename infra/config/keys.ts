/** How a key's text is read. `map` is a JSON object of strings. */
export type KeyType = "string" | "integer" | "boolean" | "port" | "address" | "url" | "choice" | "map";

/** The editions of the product, in order of size. */
export const editions = ["community"] as const;
export type Edition = (typeof editions)[number];

/** What a change of the key does to a running stack. */
export type Effect = "none" | "update" | "restart" | "replace" | "refused";

export interface KeySpec {
  readonly type: KeyType;
  /** For `choice`: the allowed values. */
  readonly allowed?: readonly string[];
  /** Lowest and highest integer. */
  readonly range?: readonly [number, number];
  /** Absent = the key must be set. null = the feature is absent unless set. */
  readonly default?: string | number | boolean | null;
  readonly secret?: boolean;
  readonly editions: readonly Edition[];
  readonly effect: Effect;
  /** Who writes it: the operator, or the first `./fidus up`, which records its choice. */
  readonly by?: "operator" | "fidus";
  readonly about: string;
}

export const llmRuntimes = ["embedded", "ollama", "ollama-native", "lmstudio", "vllm", "openai", "litellm"] as const;
export type LlmRuntime = (typeof llmRuntimes)[number];

/** Where the domain's certificate comes from. */
export const certificateSources = ["files", "acme"] as const;
export type CertificateSource = (typeof certificateSources)[number];

/** Every configuration key of every edition: drives the reader, docs/configuration.md and the parity tests. */
export const keys = {
  edition: {
    type: "choice",
    allowed: editions,
    editions,
    effect: "refused",
    about: "Which edition this stack is; apart from the stack's name.",
  },
  installation: {
    type: "string",
    editions: ["community"],
    effect: "refused",
    by: "fidus",
    about: "Installation id, six hexadecimal characters, part of every name and label.",
  },
  environment: {
    type: "choice",
    allowed: ["development", "staging", "production"],
    default: "production",
    editions,
    effect: "restart",
    about: "Which environment the application believes it is in.",
  },
  services: {
    type: "choice",
    allowed: ["all", "dependencies"],
    default: "all",
    editions: ["community"],
    effect: "update",
    about: "all = the whole product; dependencies = only PostgreSQL and Redis, for development with the app on the host.",
  },
  llmRuntime: {
    type: "choice",
    allowed: llmRuntimes,
    editions: ["community"],
    effect: "restart",
    by: "fidus",
    about: "What answers: embedded, alone or behind litellm, runs in the stack; the others are reached over HTTP.",
  },
  model: {
    type: "string",
    editions: ["community"],
    effect: "restart",
    by: "fidus",
    about: "Model id: a row of the model table for embedded, else the runtime's own name.",
  },
  llmBaseUrl: {
    type: "url",
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Where the runtime answers, as containers see it; default per runtime. With litellm: a gateway of your own.",
  },
  llmApiKey: {
    type: "string",
    secret: true,
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Key for the runtime, where it asks for one.",
  },
  llmThreads: {
    type: "integer",
    range: [1, 64],
    default: 1,
    editions: ["community"],
    effect: "restart",
    about: "Threads of the embedded runtime; one is fastest where cores are shared.",
  },
  dockerHost: {
    type: "string",
    default: "unix:///var/run/docker.sock",
    editions: ["community"],
    effect: "refused",
    by: "fidus",
    about: "Docker engine: unix://, tcp:// or ssh://user@host.",
  },
  dockerMajor: {
    type: "integer",
    range: [20, 99],
    default: 20,
    editions: ["community"],
    effect: "restart",
    by: "fidus",
    about: "Major version of the Docker engine; from 25 on, health is probed seldom once it is good.",
  },
  imageSource: {
    type: "choice",
    allowed: ["build", "registry"],
    default: "build",
    editions: ["community"],
    effect: "update",
    by: "fidus",
    about: "Where images come from: built on the engine, or pulled by digest from imageRegistry.",
  },
  imageRegistry: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "update",
    about: "Registry and path the images are pulled from, for imageSource registry.",
  },
  images: {
    type: "map",
    editions: ["community"],
    effect: "restart",
    by: "fidus",
    about: "Image reference per image name, recorded by ./fidus images.",
  },
  imagesRefreshed: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    by: "fidus",
    about: "Stamp of the last ./fidus images --refresh: images with newer security updates.",
  },
  bindAddress: {
    type: "address",
    default: "127.0.0.1",
    editions: ["community"],
    effect: "replace",
    about:
      "Host address the proxy's ports are published on; 0.0.0.0 = every one. Beyond 127.0.0.1 set a domain: HTTP is not encrypted.",
  },
  pagePort: {
    type: "port",
    default: 3000,
    editions: ["community"],
    effect: "replace",
    by: "fidus",
    about: "Host port of the page and the API on one origin.",
  },
  apiPort: {
    type: "port",
    default: 8000,
    editions: ["community"],
    effect: "replace",
    by: "fidus",
    about: "Host port of the API alone.",
  },
  postgresPort: {
    type: "port",
    default: 5432,
    editions: ["community"],
    effect: "replace",
    about: "Loopback port of PostgreSQL, for services dependencies only.",
  },
  redisPort: {
    type: "port",
    default: 6379,
    editions: ["community"],
    effect: "replace",
    about: "Loopback port of Redis, for services dependencies only.",
  },
  apiReplicas: {
    type: "integer",
    range: [1, 8],
    default: 1,
    editions: ["community"],
    effect: "update",
    about: "How many API containers share the work.",
  },
  domain: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Public host name; turns on TLS, redirect and HSTS.",
  },
  httpPort: {
    type: "port",
    default: 80,
    editions: ["community"],
    effect: "replace",
    about: "Host port for HTTP when a domain is set.",
  },
  httpsPort: {
    type: "port",
    default: 443,
    editions: ["community"],
    effect: "replace",
    about: "Host port for HTTPS when a domain is set.",
  },
  certificate: {
    type: "choice",
    allowed: certificateSources,
    default: "files",
    editions: ["community"],
    effect: "restart",
    about:
      "files = tlsCertificate and tlsPrivateKey; acme = issued and renewed by itself, proved over HTTP on the domain's port 80.",
  },
  acmeEmail: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Where the ACME server may write to, for certificate acme.",
  },
  acmeDirectory: {
    type: "url",
    default: "https://acme-v02.api.letsencrypt.org/directory",
    editions: ["community"],
    effect: "restart",
    about: "Directory of the ACME server, for certificate acme; by using it you accept its terms of service.",
  },
  acmeCa: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "PEM certificates to trust for a private ACME server: that of its own TLS, and the root of what it issues.",
  },
  tlsCertificate: {
    type: "string",
    secret: true,
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "PEM certificate chain for the domain.",
  },
  tlsPrivateKey: {
    type: "string",
    secret: true,
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "PEM private key that belongs to tlsCertificate.",
  },
  secretsGeneration: {
    type: "integer",
    range: [1, 1_000_000],
    default: 1,
    editions: ["community"],
    effect: "restart",
    about: "Raise by one to rotate every generated password that can change without losing data.",
  },
} as const satisfies Record<string, KeySpec>;

export type KeyName = keyof typeof keys;
