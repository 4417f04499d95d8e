import { llmEndpoint, type LlmEndpoint } from "../config/llm-endpoint.ts";
import { ownRuntime } from "../config/own-runtime.ts";
import { loopback } from "../config/published-ports.ts";
import type { StackConfig } from "../config/read.ts";
import { problemUnless, throwIfAny, type Problem } from "../core/errors.ts";
import { findModel, type Model } from "../core/models.ts";
import { neededImages, type CommunityImage } from "../images/needed.ts";
import { certificateOf } from "./certificate.ts";
import type { ProxyPorts } from "./proxy.ts";

type Config = StackConfig<"community">;

/** What the community program builds, decided from its configuration alone. */
export interface CommunityPlan {
  readonly images: Readonly<Record<CommunityImage, string>>;
  /** The model of the embedded runtime; null when another runtime answers. */
  readonly embeddedModel: Model | null;
  /** Whether our own LiteLLM stands between the application and the embedded runtime. */
  readonly gateway: boolean;
  /** Settings of the application; null when only its dependencies run. */
  readonly app: {
    readonly llm: LlmEndpoint;
    readonly model: { readonly name: string; readonly demo: boolean; readonly nextStep: string | null };
    readonly publicUrl: string;
  } | null;
  /** Loopback ports of the stores, null when they stay inside. */
  readonly hostPorts: { readonly postgres: number | null; readonly redis: number | null };
  readonly ports: ProxyPorts;
  /** Addresses and commands of the application; null when it does not run here. */
  readonly urls: Readonly<Record<"url" | "apiUrl" | "healthUrl" | "adminCommand", string | null>>;
  /** Where an application on this host finds the chosen runtime; null when that runs in the stack, which then runs none. */
  readonly hostLlm: LlmEndpoint | null;
}

/** Decides the variant. Throws InvalidInputError with every problem before the first resource: images that are missing. */
export function communityPlan(cfg: Config): CommunityPlan {
  throwIfAny("community", imageProblems(cfg));
  const { endpoint } = llmEndpoint(cfg.llmRuntime, cfg.llmBaseUrl);
  const own = ownRuntime(cfg.llmRuntime, cfg.llmBaseUrl);
  const embeddedModel = own.model ? findModel(cfg.model) : null;
  const all = cfg.services === "all";
  const url = publicUrl(cfg);
  const demo = embeddedModel?.demo ?? false;
  const model = { name: cfg.model, demo, nextStep: demo ? "./fidus choose --model auto" : null };
  return {
    images: cfg.images as Record<CommunityImage, string>,
    embeddedModel: all ? embeddedModel : null,
    gateway: all && own.gateway,
    app: all && endpoint !== null ? { llm: endpoint, model, publicUrl: url } : null,
    hostPorts: { postgres: all ? null : cfg.postgresPort, redis: all ? null : cfg.redisPort },
    ports: proxyPorts(cfg),
    urls: all ? appUrls(url) : { url: null, apiUrl: null, healthUrl: null, adminCommand: null },
    hostLlm: all || own.model ? null : fromHost(endpoint),
  };
}

function appUrls(url: string): CommunityPlan["urls"] {
  return { url, apiUrl: url, healthUrl: `${url}/health`, adminCommand: "./fidus admin create --email you@example.com" };
}

/** The endpoint as a program on the host reaches it: what containers call host.docker.internal is the host itself. */
function fromHost(endpoint: LlmEndpoint | null): LlmEndpoint | null {
  return endpoint === null ? null : { ...endpoint, baseUrl: endpoint.baseUrl.replace("//host.docker.internal", `//${loopback}`) };
}

function publicUrl({ domain, httpsPort, pagePort, bindAddress }: Config): string {
  if (domain !== null) return `https://${domain}${httpsPort === 443 ? "" : `:${httpsPort}`}`;
  const host = ["127.0.0.1", "0.0.0.0"].includes(bindAddress) ? "localhost" : bindAddress;
  return `http://${host}:${pagePort}`;
}

function proxyPorts(cfg: Config): ProxyPorts {
  const { domain, httpPort: http, httpsPort: https } = cfg;
  const certificate = certificateOf(cfg);
  if (domain === null || certificate === null) return { kind: "local", page: cfg.pagePort, api: cfg.apiPort };
  return { kind: "domain", domain, http, https, certificate };
}

function imageProblems(cfg: Config): Problem[] {
  return neededImages(cfg).flatMap((name) =>
    problemUnless(cfg.images[name] !== undefined, {
      path: `images.${name}`,
      got: cfg.images[name],
      rule: "an image reference recorded by Fidus",
      fix: "./fidus up community",
    }),
  );
}
