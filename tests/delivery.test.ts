import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { secretVariable } from "../cli/deploy/committed.ts";
import { environments } from "../infra/config/keys/common.ts";
import { keysOf } from "../infra/config/keys.ts";
import { secretNames } from "../infra/config/testing.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const stepSchema = z.object({
  uses: z.string().optional(),
  run: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  with: z.record(z.string(), z.unknown()).optional(),
});
const callSchema = z.strictObject({
  if: z.string().optional(),
  needs: z.string().optional(),
  permissions: z.strictObject({ contents: z.literal("read") }),
  uses: z.string(),
  with: z.strictObject({ environment: z.enum(environments) }).optional(),
  secrets: z.literal("inherit").optional(),
});
const callerSchema = z.strictObject({
  name: z.string(),
  on: z.strictObject({ push: z.strictObject({ branches: z.array(z.string()) }) }),
  permissions: z.strictObject({}),
  jobs: z.record(z.string(), callSchema),
});
const calledSchema = z.strictObject({
  name: z.string(),
  on: z.strictObject({
    workflow_call: z.strictObject({ inputs: z.strictObject({ environment: z.object({ required: z.literal(true) }) }) }),
  }),
  permissions: z.strictObject({}),
  jobs: z.strictObject({
    deploy: z.object({
      environment: z.string(),
      permissions: z.strictObject({ contents: z.literal("read") }),
      concurrency: z.strictObject({ group: z.string(), "cancel-in-progress": z.boolean() }),
      steps: z.array(stepSchema),
    }),
  }),
});

const caller = callerSchema.parse(parse(read(".github/workflows/deploy.yml")));
const called = calledSchema.parse(parse(read(".github/workflows/deploy-environment.yml"))).jobs.deploy;
const { ci, ...deployments } = caller.jobs;
const program = called.steps.find(({ run }) => run?.includes("./fidus deploy"));

describe("the deployment workflow", () => {
  test("sends develop to development, and main to staging and only then to production [R-09]", () => {
    expect(caller.on.push.branches).toEqual(["main", "develop"]);
    const on = (branch: string): string => `github.ref == 'refs/heads/${branch}' && vars.FIDUS_DEPLOY == 'true'`;
    expect(Object.entries(deployments).map(([name, job]) => [name, job.with?.environment, job.if, job.needs])).toEqual([
      ["development", "development", on("develop"), "ci"],
      ["staging", "staging", on("main"), "ci"],
      ["production", "production", on("main"), "staging"],
    ]);
  });

  test("tests what was pushed before it deploys it", () => {
    expect(ci).toEqual({ permissions: { contents: "read" }, uses: "./.github/workflows/ci.yml" });
    expect(new Set(Object.values(deployments).map(({ uses }) => uses))).toEqual(
      new Set(["./.github/workflows/deploy-environment.yml"]),
    );
  });

  test("runs each deployment in its GitHub environment, whose reviewers approve and whose secrets it gets [R-09] [R-16]", () => {
    expect(called.environment).toBe("${{ inputs.environment }}");
  });

  test("never cancels a deployment that runs, and starts no second one of an environment", () => {
    expect(called.concurrency).toEqual({ group: "deploy-${{ inputs.environment }}", "cancel-in-progress": false });
  });

  test("gives the one step that deploys every secret that a stack may need, by environment, and no other step any [R-16] [X-01]", () => {
    const editions = ["starter", "pro", "enterprise-global", "enterprise-region"] as const;
    const keys = new Set(editions.flatMap((edition) => keysOf(edition).map(([name]) => name as string)));
    const stack = [...keys].filter((name) => secretNames.has(name)).map(secretVariable);
    const given = Object.entries(program?.env ?? {}).filter(([, value]) => value.includes("secrets."));
    const platform = ["PULUMI_CONFIG_PASSPHRASE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    expect(given.map(([name]) => name).sort()).toEqual([...stack, ...platform].sort());
    for (const [name, value] of given) expect(value).toBe(`\${{ secrets.${name} }}`);
    const others = called.steps.filter((step) => step !== program);
    expect(JSON.stringify(others)).not.toMatch(/secrets\.|vars\./);
  });

  test("puts nothing that somebody else wrote into a script, and leaves no token in the checkout", () => {
    for (const { run = "" } of called.steps) expect(run).not.toContain("${{");
    const [checkout] = called.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
    expect(checkout?.with).toEqual({ "persist-credentials": false, "fetch-depth": 0 });
  });

  test("restores no cache, which another branch's job could have written", () => {
    for (const { uses = "", with: options = {} } of called.steps) {
      expect(uses).not.toContain("actions/cache");
      expect(options).not.toHaveProperty("cache");
    }
  });
});

const workflows = ["ci", "deploy", "deploy-environment"].map((name) => `.github/workflows/${name}.yml`);

describe.each(workflows)("%s", (path) => {
  const text = read(path);

  test("names its rights, and actions by commit, the same everywhere", () => {
    expect(parse(text)).toHaveProperty("permissions");
    const pins = new Set(read(".github/workflows/ci.yml").match(/actions\/[\w-]+@\w+ # v[\d.]+/g));
    for (const [, action = ""] of text.matchAll(/uses: (.*)/g))
      if (!action.startsWith("./")) expect(pins, action).toContain(action);
  });

  test("gives no secret to what somebody outside has written", () => {
    const { on } = parse(text) as { on: Record<string, unknown> };
    expect(Object.keys(on)).not.toContain("pull_request_target");
    if (Object.keys(on).includes("pull_request")) expect(text).not.toMatch(/secrets\.(?!GITHUB_TOKEN)|secrets: inherit/);
  });
});

const rulesetSchema = z.strictObject({
  name: z.string(),
  target: z.literal("branch"),
  enforcement: z.literal("active"),
  bypass_actors: z.array(z.never()),
  conditions: z.strictObject({ ref_name: z.strictObject({ include: z.array(z.string()), exclude: z.array(z.never()) }) }),
  rules: z.array(
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("deletion") }),
      z.strictObject({ type: z.literal("non_fast_forward") }),
      z.strictObject({
        type: z.literal("pull_request"),
        parameters: z.strictObject({
          required_approving_review_count: z.int().min(1).max(10),
          dismiss_stale_reviews_on_push: z.literal(true),
          require_code_owner_review: z.boolean(),
          require_last_push_approval: z.literal(true),
          required_review_thread_resolution: z.boolean(),
        }),
      }),
      z.strictObject({
        type: z.literal("required_status_checks"),
        parameters: z.strictObject({
          strict_required_status_checks_policy: z.literal(true),
          required_status_checks: z.array(z.strictObject({ context: z.string(), integration_id: z.literal(15368) })).min(1),
        }),
      }),
    ]),
  ),
});

describe.each(["main", "develop"])("the ruleset of %s", (branch) => {
  const ruleset = rulesetSchema.parse(JSON.parse(read(`.github/rulesets/${branch}.json`)));

  test("lets nobody push past a reviewed pull request, rewrite or delete the branch [R-08]", () => {
    expect(ruleset.conditions.ref_name.include).toEqual([`refs/heads/${branch}`]);
    expect(ruleset.rules.map(({ type }) => type).sort()).toEqual([
      "deletion",
      "non_fast_forward",
      "pull_request",
      "required_status_checks",
    ]);
  });

  test("asks for the checks of CI, by the names of its jobs, which run on its pull requests [R-08]", () => {
    const workflow = parse(read(".github/workflows/ci.yml")) as { on: { pull_request: { branches: string[] } }; jobs: object };
    const checks = ruleset.rules.flatMap((rule) =>
      rule.type === "required_status_checks" ? rule.parameters.required_status_checks : [],
    );
    expect(checks.map(({ context }) => context)).toEqual(Object.keys(workflow.jobs));
    expect(workflow.on.pull_request.branches).toContain(branch);
  });
});

test("the guide names the command that applies the rulesets, and where feature branches go [R-08]", () => {
  const text = read("docs/delivery.md");
  expect(text).toMatch(/gh api --method POST "repos\/\{owner\}\/\{repo\}\/rulesets" --input/);
  expect(text).toContain("`feature/…`");
});

test("the guide names every variable and secret of the workflow", () => {
  const text = read("docs/delivery.md");
  const names = Object.values(program?.env ?? {}).map((value) => /(?:secrets|vars)\.(\w+)/.exec(value)?.[1] ?? value);
  expect(names.length).toBeGreaterThan(10);
  for (const name of [...names, "FIDUS_DEPLOY"]) expect(text, name).toContain(`\`${name}\``);
});
