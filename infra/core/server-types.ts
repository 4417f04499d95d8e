/** A kind of server at Hetzner. */
export interface ServerType {
  readonly architecture: "x86" | "arm";
  readonly vcpus: number;
  readonly memoryGB: number;
  readonly diskGB: number;
}

const type = (architecture: ServerType["architecture"], vcpus: number, memoryGB: number, diskGB: number): ServerType => ({
  architecture,
  vcpus,
  memoryGB,
  diskGB,
});

/**
 * The types that can be ordered in the EU. cx and cax are shared and often out of stock, cpx shared, ccx dedicated.
 * Source: Hetzner's API, read 2026-07-23 and 2026-09-29. What they cost: cost/prices/hetzner.json.
 */
export const serverTypes = {
  cx23: type("x86", 2, 4, 40),
  cx33: type("x86", 4, 8, 80),
  cx43: type("x86", 8, 16, 160),
  cx53: type("x86", 16, 32, 320),
  cax11: type("arm", 2, 4, 40),
  cax21: type("arm", 4, 8, 80),
  cax31: type("arm", 8, 16, 160),
  cax41: type("arm", 16, 32, 320),
  cpx22: type("x86", 2, 4, 80),
  cpx32: type("x86", 4, 8, 160),
  cpx42: type("x86", 8, 16, 320),
  cpx52: type("x86", 12, 24, 480),
  cpx62: type("x86", 16, 32, 640),
  ccx13: type("x86", 2, 8, 80),
  ccx23: type("x86", 4, 16, 160),
  ccx33: type("x86", 8, 32, 240),
  ccx43: type("x86", 16, 64, 360),
  ccx53: type("x86", 32, 128, 600),
} as const satisfies Record<string, ServerType>;

export type ServerTypeName = keyof typeof serverTypes;
export const serverTypeNames = Object.keys(serverTypes) as [ServerTypeName, ...ServerTypeName[]];

const european = ["nbg1", "fsn1", "hel1"];

/** Whether Hetzner sells the type in the location: cx and cax in Europe alone, cpx in Singapore too, ccx everywhere. */
export function isSoldIn(name: ServerTypeName, location: string): boolean {
  return name.startsWith("ccx") || european.includes(location) || (name.startsWith("cpx") && location === "sin");
}
