import type { Provider } from "@pulumi/docker/provider.js";
import type { StackIdentity } from "../core/naming.ts";

/** The Docker engine a stack lives on, and what its containers are called there. */
export interface Engine {
  readonly identity: StackIdentity;
  readonly provider: Provider;
  /** Address as `DOCKER_HOST`: unix://, tcp:// or ssh://. */
  readonly dockerHost: string;
  /** Major version recorded at the first `up`; engines from 25 on can probe often until healthy, then seldom. */
  readonly major: number;
}
