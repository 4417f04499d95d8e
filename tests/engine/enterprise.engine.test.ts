import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import type { Thing } from "../simulator/cloud/store.ts";
import { EnterpriseProject, regionDown, regionSecrets, type RegionName } from "./enterprise-project.ts";
import { architecture } from "../architecture/document.ts";
import { goldenCard } from "../cards/golden.ts";
import { mustUp, operationsOf, plannedSteps, previewOf } from "./steps.ts";

/** The enterprise edition's own programs on the real engine; AWS is simulated. */
let enterprise: EnterpriseProject;
const minutes = (count: number) => ({ timeout: count * 60_000 });
const [frankfurt, ireland] = ["eu-central-1", "eu-west-1"] as const satisfies readonly RegionName[];
const stackTag = (name: RegionName | "global"): string => `shop-${name}`;

beforeAll(async () => {
  enterprise = await EnterpriseProject.create();
}, 300_000);
afterAll(() => enterprise[Symbol.asyncDispose]());

const aws = () => enterprise.simulation.clouds.aws;
/** What exists of one stack; things without tags are known by what they belong to. */
const tagged = (stack: string): Thing[] =>
  enterprise.simulation.things.filter(
    ({ inputs }) => (inputs["tags"] as Record<string, string> | undefined)?.["fidus.stack"] === stack,
  );
const made = (name: string): Thing => enterprise.simulation.things.find((thing) => thing.name === name)!;
const named = (stack: string, name: string): Thing => tagged(stack).find((thing) => thing.name === name)!;
const refresh = (project: EngineProject, ...args: string[]) => project.run("refresh", "--yes", "--skip-preview", ...args);

async function expectNothingPlanned(project: EngineProject): Promise<void> {
  const { text, steps, findings } = await previewOf(project);
  expect(steps).toEqual([]);
  expect(findings).toEqual([]);
  const card = goldenCard(`enterprise${project.stack.replace(/^shop/, "")}`, text);
  expect(card.seen).toEqual(card.committed);
}

async function expectDocumented(kind: string, project: EngineProject): Promise<void> {
  const { seen, documented } = architecture(`enterprise ${kind}`, await project.stateText());
  expect(seen).toBe(documented);
}

const gpuTypes = ["g6e.xlarge", "g6.xlarge", "g5.xlarge"];
/** Region one starts a version behind, so that there is something to upgrade to. */
const start = { kubernetesVersion: "1.35" };

const globalThings = [
  "Bucket witness-bucket-bucket",
  "BucketObjectv2 witness-epoch",
  "BucketPolicy witness-bucket-policy",
  "BucketPublicAccessBlock witness-bucket-private",
  "BucketServerSideEncryptionConfiguration witness-bucket-encryption",
  "BucketVersioning witness-bucket-versions",
  "HealthCheck names-primary-check",
  "HealthCheck names-secondary-check",
  "Record names-primary",
  "Record names-secondary",
  "Zone names-zone",
];

describe("one installation through its life", () => {
  test("the global stack is small, and its names and its witness exist before any region does", minutes(5), async () => {
    await enterprise.upGlobal();
    expect(enterprise.simulation.inventory).toEqual(globalThings);
    expect(made("names-primary").inputs).toMatchObject({
      name: "assistant.fidus.test",
      records: ["eu-central-1.assistant.fidus.test"],
      failoverRoutingPolicies: [{ type: "PRIMARY" }],
      ttl: 60,
    });
    expect(made("names-secondary").inputs).toMatchObject({ records: ["eu-west-1.assistant.fidus.test"] });
    expect(await enterprise.global.outputs()).toMatchObject({
      edition: "enterprise-global",
      url: "https://assistant.fidus.test",
      witness: { region: "eu-north-1", bucket: "fidus-a1b2c3-shop-global-witness-eu-north-1", key: "epoch.json" },
    });
    await expectNothingPlanned(enterprise.global);
    await expectDocumented("global", enterprise.global);
  });

  test("drift of the global stack is found by a refresh and put right by the next up", minutes(5), async () => {
    const check = made("names-primary-check");
    const other = { fqdn: "elsewhere.fidus.test" };
    aws().store.put({ ...check, inputs: { ...check.inputs, ...other }, outputs: { ...check.outputs, ...other } });
    const record = made("names-secondary");
    aws().store.remove(record.type, record.id);
    const { output } = await refresh(enterprise.global);
    expect(output).toMatch(/~ 1 updated/);
    expect(output).toMatch(/- 1 deleted/);
    await mustUp(enterprise.global);
    expect(made("names-primary-check").inputs).toEqual(check.inputs);
    expect(enterprise.simulation.inventory).toEqual(globalThings);
  });

  test("a failover is two keys that plan nothing at Route 53 or anywhere else", minutes(5), async () => {
    await enterprise.configureGlobal({ drActiveRegion: ireland, drMode: "disaster" });
    expect(await plannedSteps(enterprise.global)).toEqual([]);
    await enterprise.configureGlobal();
  });

  test(
    "a region comes up in the order that a cluster needs, and a second preview and a refresh change nothing",
    minutes(10),
    async () => {
      await enterprise.simulation.forgetOperations();
      await enterprise.upRegion(frankfurt, start);
      const order = aws().faults.operations.map(({ name }) => name);
      const before = (...names: string[]) =>
        expect(names.map((name) => order.indexOf(name))).toEqual(
          names.map((name) => order.indexOf(name)).toSorted((a, b) => a - b),
        );
      before("cluster-logs", "cluster-cluster", "cluster-core-vpc-cni", "system-group", "add-ons-coredns");
      before("network-private-a-out", "system-group");
      before("nodes-AmazonEKSWorkerNodePolicy", "gpu-group");
      const project = enterprise.region(frankfurt);
      await expectNothingPlanned(project);
      await expectDocumented("region", project);
      expect(await refresh(project, "--expect-no-changes")).toMatchObject({ code: 0 });
      expect(named(project.stack, "system-group").inputs).toMatchObject({
        instanceTypes: ["m7i.2xlarge", "m6i.2xlarge", "m7a.2xlarge"],
        scalingConfig: { minSize: 5, desiredSize: 5, maxSize: 12 },
      });
      expect(named(project.stack, "gpu-group").inputs).toMatchObject({
        instanceTypes: gpuTypes,
        amiType: "AL2023_x86_64_NVIDIA",
        taints: [{ key: "nvidia.com/gpu", value: "true", effect: "NO_SCHEDULE" }],
        scalingConfig: { minSize: 1, desiredSize: 1, maxSize: 4 },
      });
      expect(await project.outputs()).toMatchObject({
        edition: "enterprise-region",
        region: frankfurt,
        healthUrl: "https://eu-central-1.assistant.fidus.test/health",
        cluster: {
          name: "fidus-a1b2c3-shop-eu-central-1-cluster",
          endpoint: expect.stringMatching(/^https:\/\/[0-9A-F]{32}\.gr7\.eu-central-1\.eks\.amazonaws\.com$/),
        },
        stores: { images: expect.stringMatching(/^210987654321\.dkr\.ecr\.eu-central-1\.amazonaws\.com\//) },
      });
    },
  );

  test(
    "without a machine with a GPU, or a quota for one, all else is made; one type of the list is enough",
    minutes(10),
    async () => {
      aws().faults.faults = { soldOut: gpuTypes };
      await enterprise.configureRegion(ireland);
      const { code, output } = await enterprise.region(ireland).up("--continue-on-error");
      expect(code).not.toBe(0);
      expect(output).toContain("there is no g6e.xlarge or g6.xlarge or g5.xlarge at the moment");
      aws().faults.faults = { quotas: { "vCPUs of GPU instances": 0 } };
      const refused = await enterprise.region(ireland).up();
      expect(refused.code).not.toBe(0);
      expect(refused.output).toContain("0 of 0 in use, the account's limit for vCPUs of GPU instances (VcpuLimitExceeded)");
      aws().faults.faults = { soldOut: ["g6e.xlarge", "g6.xlarge"] };
      expect(operationsOf(await plannedSteps(enterprise.region(ireland)))).toEqual(["create gpu-group"]);
      await mustUp(enterprise.region(ireland));
      aws().faults.faults = {};
    },
  );

  test("both regions run the same, in networks that do not meet", minutes(5), async () => {
    await expectNothingPlanned(enterprise.region(ireland));
    const shape = (region: RegionName) =>
      tagged(stackTag(region))
        .map(({ type, name }) => `${type} ${name}`)
        .sort();
    expect(shape(ireland)).toEqual(shape(frankfurt));
    const ranges = [frankfurt, ireland].map((region) => named(stackTag(region), "network-vpc").inputs["cidrBlock"]);
    expect(ranges).toEqual(["10.40.0.0/16", "10.41.0.0/16"]);
    const zones = tagged(stackTag(ireland)).flatMap(({ inputs }) => inputs["availabilityZoneId"] ?? []);
    expect([...new Set(zones)].sort()).toEqual(["euw1-az1", "euw1-az2", "euw1-az3"]);
  });

  test(
    "everything that can be tagged is, what holds data is protected, and nothing is open to the world",
    minutes(5),
    async () => {
      const state = JSON.parse(await enterprise.region(frankfurt).stateText()) as {
        checkpoint: { latest: { resources: { type: string; urn: string; parent?: string; protect?: boolean }[] } };
      };
      const { resources } = state.checkpoint.latest;
      const unprotected = resources.filter(({ type, protect }) => stateful.test(type) && protect !== true);
      expect(unprotected.map(({ urn }) => urn)).toEqual([]);
      expect(resources.filter(({ type }) => stateful.test(type)).length).toBeGreaterThan(10);
      const orphans = resources.filter(({ type, parent = "" }) => type.startsWith("aws:") && !parent.includes("fidus:aws:"));
      expect(orphans.map(({ urn }) => urn)).toEqual([]);
      const untagged = enterprise.simulation.things.filter(({ type, inputs }) => {
        return (
          "tags" in aws().typeOf(type).schema.inputs.fields &&
          (inputs["tags"] as Record<string, string> | undefined)?.["fidus.version"] === undefined
        );
      });
      expect(untagged.map(({ name }) => name)).toEqual([]);
      const cluster = named(stackTag(frankfurt), "cluster-cluster").inputs;
      expect(cluster["vpcConfig"]).toMatchObject({ endpointPrivateAccess: true, publicAccessCidrs: ["198.18.7.0/24"] });
      const open = enterprise.simulation.things.filter(
        ({ type, inputs }) => type.includes("IngressRule") && inputs["cidrIpv4"] === "0.0.0.0/0",
      );
      expect(open).toEqual([]);
    },
  );

  test("no secret is in the state of any stack in clear [X-01]", async () => {
    for (const project of [enterprise.global, enterprise.region(frankfurt), enterprise.region(ireland)]) {
      const state = await project.stateText();
      for (const secret of [...Object.values(regionSecrets), "PRIVATE KEY"]) expect(state).not.toContain(secret);
    }
  });

  test("backups go to the other region once it is there, and AWS refuses before", minutes(10), async () => {
    const bucket = aws().store.find("aws:s3/bucket:Bucket", "fidus-a1b2c3-shop-eu-west-1-backups")!;
    aws().store.remove(bucket.type, bucket.id);
    await enterprise.configureRegion(frankfurt, { ...start, peerExists: "true" });
    const refused = await enterprise.region(frankfurt).up();
    expect(refused.output).toContain("no such aws:s3/bucket:Bucket (not_found)");
    aws().store.put(bucket);
    await mustUp(enterprise.region(frankfurt));
    const copy = enterprise.simulation.things.find(({ name }) => name === "backups-copy")!;
    expect(copy.inputs["rules"]).toMatchObject([{ destination: { bucket: "arn:aws:s3:::fidus-a1b2c3-shop-eu-west-1-backups" } }]);
  });

  test("with one region down the other one and the global stack are changed as always", minutes(10), async () => {
    aws().faults.faults = { refusals: [regionDown(ireland)] };
    const changes = { ...start, peerExists: "true", logRetention: "60 days" };
    await enterprise.upRegion(frankfurt, changes);
    await enterprise.upGlobal({ healthCheckInterval: "30 s" });
    await enterprise.configureRegion(ireland, { logRetention: "60 days" });
    const { code, output } = await enterprise.region(ireland).up();
    expect(code).not.toBe(0);
    expect(output).toContain("eu-west-1 does not answer");
    aws().faults.faults = {};
    await mustUp(enterprise.region(ireland));
  });

  test("drift is found by a refresh and put right by the next up", minutes(10), async () => {
    const project = enterprise.region(frankfurt);
    const cluster = named(project.stack, "cluster-cluster");
    const open = { ...(cluster.inputs["vpcConfig"] as object), publicAccessCidrs: ["0.0.0.0/0"] };
    aws().store.put({
      ...cluster,
      inputs: { ...cluster.inputs, vpcConfig: open },
      outputs: { ...cluster.outputs, vpcConfig: open },
    });
    const entry = tagged(project.stack).find(({ type }) => type.includes("AccessEntry"))!;
    aws().store.remove(entry.type, entry.id);
    const { output } = await refresh(project);
    expect(output).toMatch(/~ 1 updated/);
    expect(output).toMatch(/- 1 deleted/);
    await mustUp(project);
    expect(named(project.stack, "cluster-cluster").inputs["vpcConfig"]).toEqual(cluster.inputs["vpcConfig"]);
    expect(aws().store.find(entry.type, entry.id)).toBeDefined();
    expect(await plannedSteps(project)).toEqual([]);
  });

  const grown = {
    kubernetesVersion: "1.36",
    peerExists: "true",
    logRetention: "90 days",
    adminRanges: "198.19.0.0/24",
    systemNodes: "6",
    gpuNodesMax: "8",
    backupRetention: "60 days",
    backupLock: "compliance",
    monthlyBudget: "9000 USD",
    clusterAdmins: "arn:aws:iam::210987654321:role/platform,arn:aws:iam::210987654321:user/ada",
    deletionProtection: "false",
  };

  test("keys that grow, move or upgrade a region change it in place", minutes(10), async () => {
    await enterprise.simulation.forgetOperations();
    await enterprise.upRegion(frankfurt, grown);
    const operations = aws().faults.operations.map(({ kind, name }) => `${kind} ${name}`);
    expect(operations.length).toBeGreaterThan(10);
    expect(operations.filter((line) => !line.startsWith("update ")).sort()).toEqual([
      expect.stringMatching(/^create cluster-admin-ada-/),
      expect.stringMatching(/^create cluster-admin-ada-.*-policy$/),
    ]);
    expect(await plannedSteps(enterprise.region(frankfurt))).toEqual([]);
  });

  test("a destroy is refused before anything goes; asked for twice, it leaves nothing", minutes(15), async () => {
    const count = enterprise.simulation.things.length;
    for (const region of [frankfurt, ireland] as const) {
      const { code, output } = await enterprise.region(region).run("destroy", "--yes");
      expect(code).not.toBe(0);
      expect(output).toContain("protected");
    }
    expect(enterprise.simulation.things).toHaveLength(count);
    const gone = (project: EngineProject) => project.run("destroy", "--yes", "--skip-preview", "--ignore-protect");
    expect((await gone(enterprise.region(ireland))).output).toContain("deletion protection is on");
    await enterprise.upRegion(ireland, { deletionProtection: "false" });
    for (const project of [enterprise.region(ireland), enterprise.region(frankfurt), enterprise.global])
      expect(await gone(project)).toMatchObject({ code: 0 });
    expect(enterprise.simulation.things).toEqual([]);
  });
});

const stateful =
  /^aws:(ec2\/(vpc|subnet):|eks\/cluster:|kms\/key:|s3\/(bucket|bucketVersioning|bucketObjectv2):|ecr\/repository:|cloudwatch\/logGroup:|route53\/zone:)/;
