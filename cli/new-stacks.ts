import { awsRegions, type AwsRegion } from "../infra/core/aws-regions.ts";
import { problemUnless, type Problem } from "../infra/core/errors.ts";
import { environmentSettings } from "../infra/config/environments.ts";
import type { EnvironmentName } from "../infra/config/keys/common.ts";
import type { Edition } from "../infra/config/spec.ts";
import { nearest } from "../infra/config/values.ts";
import { wrongInput } from "./errors.ts";
import { checkStackName, globalSuffix, type Product } from "./stacks.ts";

/** What `./fidus init` was asked for. */
export interface NewEnvironment {
  readonly product: Product;
  readonly name: string;
  readonly environment: EnvironmentName;
  /** Enterprise: the two regions, the writing one first. */
  readonly regions: readonly [AwsRegion, AwsRegion];
  readonly witness: AwsRegion;
}

/** A stack to be made, and the entries it starts with. */
export interface NewStack {
  readonly stack: string;
  readonly edition: Edition;
  readonly entries: Readonly<Record<string, string>>;
}

/** Short names of the environments, as people type them. */
export const environmentNames = { dev: "development", staging: "staging", prod: "production" } as const satisfies Record<
  string,
  EnvironmentName
>;

/** Networks of the two regions: apart, so that they can be joined. */
const vpcRanges = ["10.40.0.0/16", "10.41.0.0/16"] as const;

/** The stacks of a new environment: one, or enterprise's regions and, last, the global one that makes them a whole. */
export function newStacks(asked: NewEnvironment, installation: string): NewStack[] {
  const { product, name, environment, regions, witness } = asked;
  const make = (stack: string, edition: Edition, entries: NewStack["entries"]): NewStack => ({
    stack: checkStackName(stack),
    edition,
    entries: { edition, installation, ...environmentSettings(edition, environment), ...entries },
  });
  if (product !== "enterprise") return [make(name, product, {})];
  const [primaryRegion, secondaryRegion] = regions;
  return [
    ...regions.map((region, index) =>
      make(`${name}-${region}`, "enterprise-region", {
        region,
        peerRegion: regions[1 - index] ?? region,
        vpcRange: vpcRanges[index] ?? vpcRanges[0],
      }),
    ),
    make(`${name}${globalSuffix}`, "enterprise-global", { primaryRegion, secondaryRegion, witnessRegion: witness }),
  ];
}

/** Throws exit 2 when the name is taken, or would make a later command's NAME mean two things. */
export function checkNewName({ product, name }: NewEnvironment, stacks: readonly string[], reserved: readonly string[]): void {
  checkStackName(name);
  const head = product === "enterprise" ? `${name}${globalSuffix}` : name;
  const taken = [head, name, `${name}${globalSuffix}`].find((stack) => stacks.includes(stack));
  const problem = (rule: string): Problem => ({
    path: "--name",
    got: name,
    rule,
    fix: `./fidus init ${product} --name ${name.endsWith(globalSuffix) ? name.slice(0, -globalSuffix.length) : `${name}-2`}`,
  });
  const problems = [
    ...problemUnless(taken === undefined, problem(`a name that is free: stack ${taken ?? ""} exists`)),
    ...problemUnless(!reserved.includes(name) || name === product, problem(`a name that is not that of another edition`)),
    ...problemUnless(
      !name.endsWith(globalSuffix),
      problem(`a name without ${globalSuffix}, which ends the global stacks' names`),
    ),
  ];
  if (problems.length > 0) throw wrongInput("that name cannot be used", problems);
}

/** The environment that was meant. Throws exit 2. */
export function parseEnvironment(text: string): EnvironmentName {
  if (Object.hasOwn(environmentNames, text)) return environmentNames[text as keyof typeof environmentNames];
  const short = Object.entries(environmentNames);
  const long = nearest(text, short.flat());
  const meant = short.find((names) => names.some((name) => name === long))?.[0] ?? "dev";
  throw wrongInput("that environment is not known", [
    { path: "--env", got: text, rule: `one of ${Object.keys(environmentNames).join(", ")}`, fix: `--env ${meant}` },
  ]);
}

/** Two regions and a witness, three different ones. Throws exit 2 with every problem. */
export function parseRegions(regions: string, witness: string): Pick<NewEnvironment, "regions" | "witness"> {
  const names = regions.split(",").map((name) => name.trim());
  const known = (name: string): name is AwsRegion => (awsRegions as readonly string[]).includes(name);
  const [first = "", second = ""] = names;
  const rule = `two different regions of ${awsRegions.join(", ")}, the writing one first`;
  const third = `one of ${awsRegions.join(", ")}, and not one of the two`;
  const problems = [
    ...problemUnless(names.length === 2 && names.every(known) && first !== second, {
      path: "--regions",
      got: regions,
      rule,
      fix: "--regions eu-central-1,eu-west-1",
    }),
    ...problemUnless(known(witness) && !names.includes(witness), {
      path: "--witness",
      got: witness,
      rule: third,
      fix: `--witness ${awsRegions.find((region) => region.startsWith("eu-") && !names.includes(region)) ?? "eu-north-1"}`,
    }),
  ];
  if (problems.length > 0 || !known(first) || !known(second) || !known(witness))
    throw wrongInput("these regions cannot be used", problems);
  return { regions: [first, second], witness };
}
