import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { parse } from "yaml";
import { z } from "zod";

const text = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));
const stepSchema = z.object({
  name: z.string().optional(),
  uses: z.string().optional(),
  run: z.string().optional(),
  env: text.default({}),
  with: text.default({}),
  if: z.string().optional(),
});
const workflowSchema = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.string()).optional(),
      strategy: z.object({ matrix: z.object({ stack: z.array(z.string()) }) }).optional(),
      env: text.default({}),
      steps: z.array(stepSchema),
    }),
  ),
});

export type Workflow = z.infer<typeof workflowSchema>;
export type Job = Workflow["jobs"][string];
export type WorkflowStep = z.infer<typeof stepSchema>;

export const workflowText = (file: string): string =>
  readFileSync(join(import.meta.dirname, "../../.github/workflows", file), "utf8");

/** A committed workflow and its only job. */
export function readWorkflow(file: string): { readonly workflow: Workflow; readonly job: Job } {
  const workflow = workflowSchema.parse(parse(workflowText(file)));
  const [job, ...more] = Object.values(workflow.jobs);
  if (job === undefined || more.length > 0) throw new Error(`${file}: got ${more.length + 1} jobs; needs one`);
  return { workflow, job };
}

/** Values of `${{ … }}`. */
export type Expressions = Readonly<Record<string, string>>;

/** A value with its expressions filled in; one that is not known throws, so that none is forgotten. */
export function filled(value: string, expressions: Expressions): string {
  return value.replaceAll(/\$\{\{ *([\w.]+) *\}\}/g, (_, name: string) => {
    const found = expressions[name];
    if (found === undefined) throw new Error(`\${{ ${name} }}: got nothing; needs a value in the test`);
    return found;
  });
}

/** Runs a step's commands as a runner does: by bash, in the workspace, ended by the first failure. */
export async function runStep(
  job: Job,
  name: string,
  workspace: string,
  expressions: Expressions,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly code: number | undefined; readonly output: string }> {
  const step = job.steps.find((each) => each.name === name);
  if (step?.run === undefined) throw new Error(`${name}: got no commands; needs a step with run`);
  const given = Object.entries({ ...job.env, ...step.env }).map(([key, value]) => [key, filled(value, expressions)]);
  const options = {
    cwd: workspace,
    env: { ...env, ...Object.fromEntries(given) },
    extendEnv: false,
    reject: false,
    all: true,
  } as const;
  const { exitCode, all } = await execa("bash", ["--noprofile", "--norc", "-eo", "pipefail", "-c", step.run], options);
  return { code: exitCode, output: all };
}
