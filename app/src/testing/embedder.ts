import type { ServerResponse } from "node:http";
import { streamText, type Script } from "./upstream.ts";

/** Answers embeddings by `vector`, and everything else with `text`. */
export function scriptedEmbedder(vector: (text: string) => readonly number[], text = "An answer."): Script {
  return (res, { path, body }) => {
    if (!path.endsWith("/embeddings")) return streamText(res, [text]);
    const { input } = JSON.parse(body) as { input: readonly string[] };
    sendVectors(res, input.map(vector));
  };
}

function sendVectors(res: ServerResponse, vectors: readonly (readonly number[])[]): void {
  const data = vectors.map((embedding, index) => ({ object: "embedding", index, embedding }));
  const usage = { prompt_tokens: vectors.length, total_tokens: vectors.length };
  res.writeHead(200, { "content-type": "application/json" });
  res.end(JSON.stringify({ object: "list", model: "scripted", data, usage }));
}
