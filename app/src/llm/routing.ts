import type { Routing } from "./table.ts";

/** What a routing knows of a target. */
export interface Choice {
  /** Taken and waited-for places, as a share of all. */
  readonly load: number;
  /** Milliseconds to the first byte, smoothed; null: never asked. */
  readonly latencyMs: number | null;
  /** False: the last look found nobody, or its breaker is open. */
  readonly usable: boolean;
}

/** The order in which equal targets are tried: usable ones first, then as the routing says, chance among equals. */
export function inOrder<T extends Choice>(targets: readonly T[], routing: Routing, random: () => number = Math.random): T[] {
  if (targets.length < 2) return [...targets];
  const rank: Record<Routing, (target: T) => number> = {
    "least-busy": ({ load }) => load,
    // Those who were never asked come first: else nobody would learn how fast they are.
    latency: ({ latencyMs }) => latencyMs ?? -1,
    shuffle: () => 0,
  };
  return targets
    .map((target) => ({ target, usable: target.usable ? 0 : 1, rank: rank[routing](target), chance: random() }))
    .sort((a, b) => a.usable - b.usable || a.rank - b.rank || a.chance - b.chance)
    .map(({ target }) => target);
}
