import { renderComment, renderFailure } from "../../cost/index.ts";
import { cardsOfRun } from "./artifact.ts";
import { parseEvent, pullRequestOf, type RunEvent } from "./event.ts";
import { gitHub, type GitHub } from "./github.ts";
import { postComment } from "./post.ts";
import { RefusalError } from "./refusal.ts";

/** What GitHub tells a workflow that runs when another one has ended. */
export interface Told {
  readonly api: string;
  readonly server: string;
  readonly token: string;
  /** Text of the event. */
  readonly event: string;
}

/**
 * Posts the cards of a pull request's run as the request's one comment, and returns what was done. Of the run it trusts only what
 * GitHub says of it. Throws when nothing of the artifacts may be shown, after the comment says so, and for any other failure.
 */
export async function commentOnRun({ api, server, token, event: text }: Told): Promise<string> {
  const event = parseEvent(text);
  if (event.workflow_run.event !== "pull_request") throw new Error("the run was not for a pull request");
  const github = gitHub(api, token);
  const number = await pullRequestOf(github, event);
  if (number === null) return "No open pull request has this head any more: nothing to post.";
  const { body, failure } = await bodyOf(github, event, originOf(event, server));
  await postComment(github, event.repository.full_name, number, body);
  if (failure !== null) throw failure;
  return `Posted to pull request ${number}.`;
}

async function bodyOf(github: GitHub, event: RunEvent, origin: string): Promise<{ body: string; failure: Error | null }> {
  try {
    const cards = await cardsOfRun(github, event.repository.full_name, event.workflow_run.id);
    return { body: renderComment(cards, origin), failure: null };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { body: renderFailure(error.message, origin), failure: error };
  }
}

/** Every part of it was matched against a pattern or is GitHub's own. */
function originOf({ repository, workflow_run: { id, head_sha } }: RunEvent, server: string): string {
  const run = `${server}/${repository.full_name}/actions/runs/${id}`;
  const how = "computed by its own code without credentials, in simulated clouds on empty stacks: as trustworthy as that code";
  return `Of commit ${head_sha.slice(0, 10)}, ${how}. [The run](${run})`;
}
