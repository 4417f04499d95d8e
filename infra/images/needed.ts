import type { LlmRuntime } from "../config/keys/app.ts";
import type { CertificateSource } from "../config/keys/domain.ts";
import { ownRuntime } from "../config/own-runtime.ts";

const communityImages = ["base", "app", "llm", "postgres", "redis", "proxy", "acme", "litellm"] as const;
export type CommunityImage = (typeof communityImages)[number];

/** What decides which images a community stack needs. */
export interface Variant {
  readonly services: "all" | "dependencies";
  readonly llmRuntime: LlmRuntime;
  readonly llmBaseUrl: string | null;
  /** @default null: plain HTTP on localhost */
  readonly domain?: string | null;
  /** @default "files" */
  readonly certificate?: CertificateSource;
}

/** Images the variant needs: dependencies alone need no application. */
export function neededImages(variant: Variant): readonly CommunityImage[] {
  const { services, llmRuntime, llmBaseUrl, domain = null, certificate } = variant;
  if (services === "dependencies") return ["base", "postgres", "redis"];
  const own = ownRuntime(llmRuntime, llmBaseUrl);
  const wanted: Partial<Record<CommunityImage, boolean>> = {
    llm: own.model,
    litellm: own.gateway,
    acme: domain !== null && certificate === "acme",
  };
  return communityImages.filter((name) => wanted[name] ?? true);
}
