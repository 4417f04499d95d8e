import { z } from "zod";
import type { GitHub } from "./github.ts";

const repository = z.object({ id: z.int(), full_name: z.string().regex(/^[\w.-]+\/[\w.-]+$/) });

const eventSchema = z.object({
  repository,
  workflow_run: z.object({
    id: z.int().positive(),
    event: z.string(),
    head_sha: z.string().regex(/^[0-9a-f]{40,64}$/),
    head_branch: z.string(),
    head_repository: repository.extend({ owner: z.object({ login: z.string() }) }),
  }),
});

/** The run that ended, as GitHub itself says it: nothing here comes from what the run handed over. */
export type RunEvent = z.infer<typeof eventSchema>;

export function parseEvent(text: string): RunEvent {
  return eventSchema.parse(JSON.parse(text));
}

const head = z.object({ sha: z.string(), repo: z.object({ id: z.int() }).nullable() });
const pullsSchema = z.array(
  z.object({
    number: z.int().positive(),
    state: z.string(),
    head,
    base: z.object({ repo: z.object({ id: z.int() }) }),
  }),
);

/**
 * The open pull request whose head the run was of; null when there is none any more, after another push for example: then that
 * push has a run of its own. Throws when one head belongs to several, since nobody knows which base the run compared with.
 */
export async function pullRequestOf(github: GitHub, { repository, workflow_run: run }: RunEvent): Promise<number | null> {
  const from = encodeURIComponent(`${run.head_repository.owner.login}:${run.head_branch}`);
  const path = `/repos/${repository.full_name}/pulls?state=open&per_page=100&head=${from}`;
  const found = pullsSchema
    .parse(await github.get(path))
    .filter(({ state, head: { sha } }) => state === "open" && sha === run.head_sha)
    .filter(({ head, base }) => head.repo?.id === run.head_repository.id && base.repo.id === repository.id);
  if (found.length > 1)
    throw new Error(`${found.length} open pull requests have this head: which one the run was for is not known`);
  return found[0]?.number ?? null;
}
