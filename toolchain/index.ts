/** What the CLI uses of the toolchain. */
export type { PartReport } from "./cache.ts";
export { ensureToolchain, inspectToolchain, type ToolchainReport } from "./ensure.ts";
export { ToolchainError } from "./errors.ts";
export { toolchainEnv, type ToolchainEnv, type ToolchainPaths } from "./layout.ts";
export type { EnsureOptions, NetworkLimits, Phase, ToolchainEvent } from "./run.ts";
export { cloudNames, partNames, versions, type CloudName, type PartName } from "./versions.ts";
