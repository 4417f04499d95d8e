/**
 * What Hetzner sells, written apart from infra's own table: a mistake there shall be refused here.
 * Sources: facts/hosts.md §4 (types and where they are), facts/cost.md §3.2 (cores, memory, disk), 2026-11.
 */
const eu = ["fsn1", "nbg1", "hel1"] as const;
const us = ["ash", "hil"] as const;
const everywhere = [...eu, ...us, "sin"] as const;

interface SoldType {
  readonly architecture: "x86" | "arm";
  /** GB. */
  readonly disk: number;
  readonly locations: readonly string[];
}

const x86 = (disk: number, locations: readonly string[]): SoldType => ({ architecture: "x86", disk, locations });
const arm = (disk: number, locations: readonly string[]): SoldType => ({ architecture: "arm", disk, locations });

export const soldTypes: Readonly<Record<string, SoldType>> = {
  cx23: x86(40, eu),
  cx33: x86(80, eu),
  cx43: x86(160, eu),
  cx53: x86(320, eu),
  cax11: arm(40, eu),
  cax21: arm(80, eu),
  cax31: arm(160, eu),
  cax41: arm(320, eu),
  cpx12: x86(40, eu),
  cpx22: x86(80, [...eu, "sin"]),
  cpx32: x86(160, [...eu, "sin"]),
  cpx42: x86(320, [...eu, "sin"]),
  cpx52: x86(480, [...eu, "sin"]),
  cpx62: x86(640, [...eu, "sin"]),
  cpx11: x86(40, us),
  cpx21: x86(80, us),
  cpx31: x86(160, us),
  cpx41: x86(240, us),
  cpx51: x86(360, us),
  ccx13: x86(80, everywhere),
  ccx23: x86(160, everywhere),
  ccx33: x86(240, everywhere),
  ccx43: x86(360, everywhere),
  ccx53: x86(600, everywhere),
  ccx63: x86(960, everywhere),
};

export const locationNames = everywhere;
export const networkZones = ["eu-central", "us-east", "us-west", "ap-southeast"] as const;
export const imageNames = ["debian-13", "debian-12", "ubuntu-24.04", "docker-ce"] as const;
export const loadBalancerTypes = ["lb11", "lb21", "lb31"] as const;
export const storageBoxTypes = ["bx11", "bx21", "bx31", "bx41"] as const;
