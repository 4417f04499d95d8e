import { overlap } from "../../core/cidr.ts";
import { problemUnless, type Problem } from "../../core/errors.ts";
import type { ConfigOf } from "../types.ts";

/** A stack's name and its configuration. */
export interface Member<Config> {
  readonly stack: string;
  readonly config: Config;
}

/** What the stacks of one enterprise installation must agree on. Paths are `stack: key`. */
export function groupProblems(
  global: Member<ConfigOf<"enterprise-global">>,
  regions: readonly Member<ConfigOf<"enterprise-region">>[],
): Problem[] {
  const pair = [global.config.primaryRegion, global.config.secondaryRegion];
  const [one, other] = regions;
  return [
    ...(["primaryRegion", "secondaryRegion"] as const).flatMap((key) => stackProblems(global, key, regions)),
    ...regions.flatMap(({ stack, config }) => [
      ...(["domain", "awsAccountId", "environment"] as const).flatMap((key) =>
        same(stack, key, config[key], global.config[key], global.stack),
      ),
      ...problemUnless(pair.includes(config.region), {
        path: `${stack}: region`,
        got: config.region,
        rule: `a region of ${global.stack}: ${pair.join(" or ")}`,
        fix: `pulumi destroy --stack ${stack} && pulumi stack rm ${stack}`,
      }),
      ...same(stack, "peerRegion", config.peerRegion, pair.find((region) => region !== config.region) ?? "", global.stack),
    ]),
    ...(one !== undefined && other !== undefined
      ? problemUnless(!overlap(one.config.vpcRange, other.config.vpcRange), {
          path: `${other.stack}: vpcRange`,
          got: other.config.vpcRange,
          rule: `a network that does not overlap with that of ${one.stack} (${one.config.vpcRange})`,
          fix: `pulumi config set vpcRange ${one.config.vpcRange === "10.41.0.0/16" ? "10.40.0.0/16" : "10.41.0.0/16"}`,
        })
      : []),
  ];
}

/** A region that the global stack names has a stack of its own. */
function stackProblems(
  global: Member<ConfigOf<"enterprise-global">>,
  key: "primaryRegion" | "secondaryRegion",
  regions: readonly Member<ConfigOf<"enterprise-region">>[],
): Problem[] {
  const made = regions.map(({ config }) => config.region);
  const wanted = global.config[key];
  const free = made.find((region) => region !== global.config.primaryRegion && region !== global.config.secondaryRegion);
  return problemUnless(made.includes(wanted), {
    path: `${global.stack}: ${key}`,
    got: wanted,
    rule: `a region that has a stack: ${made.length === 0 ? "there is none" : made.join(", ")}`,
    fix:
      free === undefined ? "./fidus init enterprise --name ANOTHER makes all three stacks." : `pulumi config set ${key} ${free}`,
  });
}

function same(stack: string, key: string, got: string, wanted: string, by: string): Problem[] {
  return problemUnless(got === wanted, {
    path: `${stack}: ${key}`,
    got,
    rule: `${wanted}, as ${by} says`,
    fix: `pulumi config set ${key} ${wanted}`,
  });
}
