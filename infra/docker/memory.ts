/** Memory limit of each role, megabytes. Sources: docs/measurements.md for the resting sizes, doubled for work. */
export const memoryLimits = {
  postgres: 512,
  redis: 192,
  api: 512,
  web: 256,
  worker: 256,
  proxy: 96,
  acme: 64,
  litellm: 1024,
} as const;

/** Limit for the embedded runtime, megabytes: the weights, as much again for context and buffers, and the process itself. */
export function llmMemory(modelBytes: number): number {
  return Math.ceil((modelBytes / 1_048_576) * 1.6) + 640;
}
