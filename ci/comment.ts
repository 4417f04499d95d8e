import { readFile } from "node:fs/promises";
import { commentOnRun } from "./comment/comment-on-run.ts";

/** `node ci/comment.ts`, in the workflow that may write comments. Exit 1 when there is nothing that may be shown. */
async function main(env: NodeJS.ProcessEnv): Promise<string> {
  const { GITHUB_API_URL: api, GITHUB_SERVER_URL: server, GITHUB_TOKEN: token, GITHUB_EVENT_PATH: file } = env;
  if (!api || !server || !token || !file)
    throw new Error("GITHUB_API_URL, GITHUB_SERVER_URL, GITHUB_TOKEN, GITHUB_EVENT_PATH: needs all of them, as in a workflow");
  return commentOnRun({ api, server, token, event: await readFile(file, "utf8") });
}

try {
  process.stdout.write(`${await main(process.env)}\n`);
} catch (error) {
  process.stderr.write(`comment: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
