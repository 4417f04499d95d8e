import { docker, type Product } from "./product.ts";

/** Of what the engine tells of a container, what tests look at. */
export interface Inspected {
  readonly Name: string;
  readonly Config: { readonly User: string; readonly Env: string[]; readonly Healthcheck?: { readonly Test: string[] } };
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly Privileged: boolean;
    readonly CapDrop: string[] | null;
    readonly CapAdd: string[] | null;
    readonly SecurityOpt: string[] | null;
    readonly Memory: number;
    readonly MemorySwap: number;
    readonly RestartPolicy: { readonly Name: string };
    readonly PortBindings: Record<string, { HostIp: string; HostPort: string }[]> | null;
  };
}

/** Every container of a product, as the engine knows it. */
export async function inspected(product: Product): Promise<Inspected[]> {
  return JSON.parse(await docker(["inspect", ...(await product.containers()).map(({ id }) => id)])) as Inspected[];
}
