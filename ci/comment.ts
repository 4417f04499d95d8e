import { readFile } from "node:fs/promises";
import { renderComment, renderFailure } from "../cost/index.ts";
import { cardsOfRun } from "./comment/artifact.ts";
import { parseEvent, pullRequestOf, type RunEvent } from "./comment/event.ts";
import { gitHub, type GitHub } from "./comment/github.ts";
import { postComment } from "./comment/post.ts";
import { RefusalError } from "./comment/refusal.ts";

/**
 * `node ci/comment.ts`, in a workflow that runs when a preview has ended: posts the preview's cards as the one comment of its pull
 * request. It runs the default branch's code with a token that may write comments, so it trusts nothing of the preview: only what
 * GitHub says of the run, and cards that fit the schema. Exit 1 when there is nothing that may be shown; the comment then says so.
 */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const { GITHUB_API_URL: api, GITHUB_TOKEN: token, GITHUB_EVENT_PATH: eventFile, GITHUB_SERVER_URL: server } = env;
  if (!api || !token || !eventFile || !server)
    throw new Error("GITHUB_API_URL, GITHUB_TOKEN, GITHUB_EVENT_PATH, GITHUB_SERVER_URL: needs all of them, as in a workflow");
  const event = parseEvent(await readFile(eventFile, "utf8"));
  if (event.workflow_run.event !== "pull_request") throw new Error("the run was not for a pull request");
  const github = gitHub(api, token);
  const number = await pullRequestOf(github, event);
  if (number === null) return say("No open pull request has this head any more: nothing to post.");
  const { body, failure } = await bodyOf(github, event, originOf(event, server));
  await postComment(github, event.repository.full_name, number, body);
  say(`Posted to pull request ${number}.`);
  if (failure !== null) throw new Error(failure);
}

async function bodyOf(github: GitHub, event: RunEvent, origin: string): Promise<{ body: string; failure: string | null }> {
  try {
    const cards = await cardsOfRun(github, event.repository.full_name, event.workflow_run.id);
    return { body: renderComment(cards, origin), failure: null };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { body: renderFailure(error.message, origin), failure: error.message };
  }
}

/** Every part of it was matched against a pattern or is GitHub's own. */
function originOf({ repository, workflow_run: { id, head_sha } }: RunEvent, server: string): string {
  const run = `${server}/${repository.full_name}/actions/runs/${id}`;
  return `Of commit ${head_sha.slice(0, 10)}, computed by its own code without credentials, in simulated clouds on empty stacks: as trustworthy as that code. [The run](${run})`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

try {
  await main(process.env);
} catch (error) {
  process.stderr.write(`comment: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
