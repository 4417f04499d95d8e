import type { LlmRuntime } from "../config/keys.ts";

const communityImages = ["base", "app", "llm", "postgres", "redis", "proxy"] as const;
export type CommunityImage = (typeof communityImages)[number];

/** What decides which images a community stack needs. */
export interface Variant {
  readonly services: "all" | "dependencies";
  readonly llmRuntime: LlmRuntime;
}

/** Images the variant needs: dependencies alone need no application. */
export function neededImages({ services, llmRuntime }: Variant): readonly CommunityImage[] {
  if (services === "dependencies") return ["base", "postgres", "redis"];
  return communityImages.filter((name) => name !== "llm" || llmRuntime === "embedded");
}
