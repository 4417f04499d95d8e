import { z } from "zod";
import { commentMarker } from "../../cost/index.ts";
import type { GitHub } from "./github.ts";

/** Who posts: only this account's comments are ever changed, whoever else writes the marker. */
const author = "github-actions[bot]";
const perPage = 100;
const mostPages = 100;

const commentsSchema = z.array(
  z.object({ id: z.int().positive(), body: z.string().nullish(), user: z.object({ login: z.string() }).nullable() }),
);

/** Makes the pull request's one comment, or changes it in place. */
export async function postComment(github: GitHub, repository: string, number: number, body: string): Promise<void> {
  const own = await ownComment(github, repository, number);
  if (own === null) return github.send("POST", `/repos/${repository}/issues/${number}/comments`, { body });
  return github.send("PATCH", `/repos/${repository}/issues/comments/${own}`, { body });
}

async function ownComment(github: GitHub, repository: string, number: number): Promise<number | null> {
  for (let page = 1; page <= mostPages; page += 1) {
    const path = `/repos/${repository}/issues/${number}/comments?per_page=${perPage}&page=${page}`;
    const comments = commentsSchema.parse(await github.get(path));
    const found = comments.find(({ body, user }) => user?.login === author && body?.startsWith(commentMarker) === true);
    if (found !== undefined) return found.id;
    if (comments.length < perPage) return null;
  }
  return null;
}
