/**
 * What Hetzner sells, written apart from infra's own table: a mistake there shall be refused here.
 * Sources: facts/hosts.md §4 (types and where they are), facts/cost.md §3.2 (cores, memory, disk), 2026-11.
 */
const eu = ["fsn1", "nbg1", "hel1"] as const;
const us = ["ash", "hil"] as const;
const everywhere = [...eu, ...us, "sin"] as const;

interface SoldType {
  readonly architecture: "x86" | "arm";
  readonly cores: number;
  /** GB. */
  readonly memory: number;
  /** GB. */
  readonly disk: number;
  readonly locations: readonly string[];
}

type Size = readonly [cores: number, memory: number, disk: number];

const x86 = ([cores, memory, disk]: Size, locations: readonly string[]): SoldType => ({
  architecture: "x86",
  cores,
  memory,
  disk,
  locations,
});
const arm = (size: Size, locations: readonly string[]): SoldType => ({ ...x86(size, locations), architecture: "arm" });

export const soldTypes: Readonly<Record<string, SoldType>> = {
  cx23: x86([2, 4, 40], eu),
  cx33: x86([4, 8, 80], eu),
  cx43: x86([8, 16, 160], eu),
  cx53: x86([16, 32, 320], eu),
  cax11: arm([2, 4, 40], eu),
  cax21: arm([4, 8, 80], eu),
  cax31: arm([8, 16, 160], eu),
  cax41: arm([16, 32, 320], eu),
  cpx12: x86([1, 2, 40], eu),
  cpx22: x86([2, 4, 80], [...eu, "sin"]),
  cpx32: x86([4, 8, 160], [...eu, "sin"]),
  cpx42: x86([8, 16, 320], [...eu, "sin"]),
  cpx52: x86([12, 24, 480], [...eu, "sin"]),
  cpx62: x86([16, 32, 640], [...eu, "sin"]),
  cpx11: x86([2, 2, 40], us),
  cpx21: x86([3, 4, 80], us),
  cpx31: x86([4, 8, 160], us),
  cpx41: x86([8, 16, 240], us),
  cpx51: x86([16, 32, 360], us),
  ccx13: x86([2, 8, 80], everywhere),
  ccx23: x86([4, 16, 160], everywhere),
  ccx33: x86([8, 32, 240], everywhere),
  ccx43: x86([16, 64, 360], everywhere),
  ccx53: x86([32, 128, 600], everywhere),
  ccx63: x86([48, 192, 960], everywhere),
};

/** Where it sells: number, city, country, network zone, place on the map. Source: docs.hetzner.cloud, locations. */
export const soldLocations = {
  fsn1: [1, "Falkenstein", "DE", "eu-central", 50.47612, 12.370071],
  nbg1: [2, "Nuremberg", "DE", "eu-central", 49.452102, 11.076665],
  hel1: [3, "Helsinki", "FI", "eu-central", 60.169855, 24.938379],
  ash: [4, "Ashburn, VA", "US", "us-east", 39.045821, -77.487073],
  hil: [5, "Hillsboro, OR", "US", "us-west", 45.54222, -122.951924],
  sin: [6, "Singapore", "SG", "ap-southeast", 1.283333, 103.833333],
} as const;

export const locationNames = everywhere;
export const networkZones = ["eu-central", "us-east", "us-west", "ap-southeast"] as const;
export const imageNames = ["debian-13", "debian-12", "ubuntu-24.04", "docker-ce"] as const;
export const loadBalancerTypes = ["lb11", "lb21", "lb31"] as const;
export const storageBoxTypes = ["bx11", "bx21", "bx31", "bx41"] as const;
