import type { Money } from "./units.ts";

/** A kind of server at Hetzner. */
export interface ServerType {
  readonly architecture: "x86" | "arm";
  readonly vcpus: number;
  readonly memoryGB: number;
  readonly diskGB: number;
  /** Net price of a month in the EU, without IPv4. */
  readonly monthly: Money;
}

const type = (
  architecture: ServerType["architecture"],
  vcpus: number,
  memoryGB: number,
  diskGB: number,
  monthly: Money,
): ServerType => ({ architecture, vcpus, memoryGB, diskGB, monthly });

/**
 * The types that can be ordered in the EU. cx and cax are shared and often out of stock, cpx shared, ccx dedicated.
 * Source: Hetzner's API and price feed, read 2026-07-23 and 2026-09-29; prices are those of new orders.
 */
export const serverTypes = {
  cx23: type("x86", 2, 4, 40, "5.49 EUR"),
  cx33: type("x86", 4, 8, 80, "8.49 EUR"),
  cx43: type("x86", 8, 16, 160, "15.99 EUR"),
  cx53: type("x86", 16, 32, 320, "29.49 EUR"),
  cax11: type("arm", 2, 4, 40, "5.99 EUR"),
  cax21: type("arm", 4, 8, 80, "10.49 EUR"),
  cax31: type("arm", 8, 16, 160, "20.99 EUR"),
  cax41: type("arm", 16, 32, 320, "40.99 EUR"),
  cpx22: type("x86", 2, 4, 80, "19.49 EUR"),
  cpx32: type("x86", 4, 8, 160, "35.49 EUR"),
  cpx42: type("x86", 8, 16, 320, "69.49 EUR"),
  cpx52: type("x86", 12, 24, 480, "100.49 EUR"),
  cpx62: type("x86", 16, 32, 640, "129.99 EUR"),
  ccx13: type("x86", 2, 8, 80, "42.99 EUR"),
  ccx23: type("x86", 4, 16, 160, "85.99 EUR"),
  ccx33: type("x86", 8, 32, 240, "138.49 EUR"),
  ccx43: type("x86", 16, 64, 360, "275.99 EUR"),
  ccx53: type("x86", 32, 128, 600, "533.49 EUR"),
} as const satisfies Record<string, ServerType>;

export type ServerTypeName = keyof typeof serverTypes;
export const serverTypeNames = Object.keys(serverTypes) as [ServerTypeName, ...ServerTypeName[]];

const european = ["nbg1", "fsn1", "hel1"];

/** Whether Hetzner sells the type in the location: cx and cax in Europe alone, cpx in Singapore too, ccx everywhere. */
export function isSoldIn(name: ServerTypeName, location: string): boolean {
  return name.startsWith("ccx") || european.includes(location) || (name.startsWith("cpx") && location === "sin");
}
