import type { LlmRuntime } from "../config/keys.ts";
import { ownRuntime } from "../config/own-runtime.ts";

const communityImages = ["base", "app", "llm", "postgres", "redis", "proxy", "litellm"] as const;
export type CommunityImage = (typeof communityImages)[number];

/** What decides which images a community stack needs. */
export interface Variant {
  readonly services: "all" | "dependencies";
  readonly llmRuntime: LlmRuntime;
  readonly llmBaseUrl: string | null;
}

/** Images the variant needs: dependencies alone need no application. */
export function neededImages({ services, llmRuntime, llmBaseUrl }: Variant): readonly CommunityImage[] {
  if (services === "dependencies") return ["base", "postgres", "redis"];
  const own = ownRuntime(llmRuntime, llmBaseUrl);
  const wanted: Partial<Record<CommunityImage, boolean>> = { llm: own.model, litellm: own.gateway };
  return communityImages.filter((name) => wanted[name] ?? true);
}
