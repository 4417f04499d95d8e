import type { Register } from "../context.ts";
import { register as admin } from "./admin.ts";
import { register as choose } from "./choose.ts";
import { register as config } from "./config.ts";
import { register as deploy } from "./deploy.ts";
import { register as dev } from "./dev.ts";
import { register as doctor } from "./doctor.ts";
import { register as down } from "./down.ts";
import { register as env } from "./env.ts";
import { register as images } from "./images.ts";
import { register as init } from "./init.ts";
import { register as logs } from "./logs.ts";
import { register as migrate } from "./migrate.ts";
import { register as policy } from "./policy.ts";
import { register as preview } from "./preview.ts";
import { register as prices } from "./prices.ts";
import { register as reset } from "./reset.ts";
import { register as status } from "./status.ts";
import { register as test } from "./test.ts";
import { register as toolchain } from "./toolchain.ts";
import { register as uninstall } from "./uninstall.ts";
import { register as up } from "./up.ts";
import { register as usage } from "./usage.ts";

/** Every command, in the order of `--help`. */
export const commands: readonly Register[] = [
  up,
  status,
  logs,
  choose,
  init,
  config,
  preview,
  policy,
  deploy,
  prices,
  admin,
  usage,
  migrate,
  down,
  dev,
  reset,
  doctor,
  images,
  toolchain,
  test,
  env,
  uninstall,
];
