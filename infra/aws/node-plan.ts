/** What EKS calls the node images. */
type AmiType = "AL2023_x86_64_STANDARD" | "AL2023_x86_64_NVIDIA";

/** One group of nodes. */
export interface NodePlan {
  /** Instance types in order of preference: EKS takes the next one when one cannot be had. */
  readonly instanceTypes: readonly string[];
  readonly amiType: AmiType;
  readonly least: number;
  readonly most: number;
  /** Disk of each node. */
  readonly diskGigabytes: number;
  readonly labels: Readonly<Record<string, string>>;
  /** Keeps away pods that do not tolerate it. */
  readonly taint: { readonly key: string; readonly value: string; readonly effect: "NO_SCHEDULE" } | null;
  /** Id of a capacity reservation that its machines come from. */
  readonly capacityReservation: string | null;
  /** When all its nodes go and when they come back; null: never. */
  readonly sleep: SleepPlan | null;
}

export interface SleepPlan {
  /** Cron expressions in the time zone. */
  readonly goes: string;
  readonly comes: string;
  readonly timeZone: string;
}

export interface NodeSettings {
  readonly systemInstanceTypes: readonly string[];
  readonly systemNodes: number;
  readonly systemNodesMax: number;
  readonly gpuInstanceTypes: readonly string[];
  readonly gpuNodes: number;
  readonly gpuNodesMax: number;
  readonly gpuCapacityReservation: string | null;
  readonly nightSleep: string | null;
  readonly timeZone: string;
}

/** Everything but models runs on these. */
export function systemNodes(settings: NodeSettings): NodePlan {
  return {
    instanceTypes: settings.systemInstanceTypes,
    amiType: "AL2023_x86_64_STANDARD",
    least: settings.systemNodes,
    most: settings.systemNodesMax,
    diskGigabytes: 100,
    labels: { "fidus.dev/nodes": "system" },
    taint: null,
    capacityReservation: null,
    sleep: sleepPlan(settings),
  };
}

/** Models, and nothing that did not ask for a GPU, run on these; null when there may be none. */
export function gpuNodes(settings: NodeSettings): NodePlan | null {
  if (settings.gpuNodesMax === 0) return null;
  return {
    instanceTypes: settings.gpuInstanceTypes,
    amiType: "AL2023_x86_64_NVIDIA",
    least: settings.gpuNodes,
    most: settings.gpuNodesMax,
    diskGigabytes: 200, // weights of a model and the image of its runtime, twice during an update
    // NVIDIA's device plugin runs only where this label is: nobody else sets it.
    labels: { "fidus.dev/nodes": "gpu", "nvidia.com/gpu.present": "true" },
    taint: { key: "nvidia.com/gpu", value: "true", effect: "NO_SCHEDULE" },
    capacityReservation: settings.gpuCapacityReservation,
    sleep: sleepPlan(settings),
  };
}

/** `20:00-06:00` as two daily times. */
export function sleepPlan({ nightSleep, timeZone }: Pick<NodeSettings, "nightSleep" | "timeZone">): SleepPlan | null {
  if (nightSleep === null) return null;
  const [goes = "", comes = ""] = nightSleep.split("-").map(dailyAt);
  return { goes, comes, timeZone };
}

function dailyAt(time: string): string {
  const [hour, minute] = time.split(":").map(Number);
  return `${minute} ${hour} * * *`;
}
