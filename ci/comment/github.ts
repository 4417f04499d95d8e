import { RefusalError } from "./refusal.ts";

/** What is used of GitHub's API; every answer is somebody else's data until it is parsed. */
export interface GitHub {
  get(path: string): Promise<unknown>;
  send(method: "POST" | "PATCH", path: string, body: object): Promise<void>;
  /** A file of at most so many bytes. Throws RefusalError for a longer one. */
  download(path: string, most: number): Promise<Uint8Array>;
}

const timeoutMs = 60_000;

/** The API at `url`, as whoever the token is. Throws for every status but those of success. */
export function gitHub(url: string, token: string): GitHub {
  const call = async (method: string, path: string, body?: object): Promise<Response> => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        authorization: `Bearer ${token}`,
        "user-agent": "fidus-card",
        "x-github-api-version": "2022-11-28",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path.split("?")[0]}: the API answers ${answer.status}`);
    return answer;
  };
  return {
    get: async (path) => (await call("GET", path)).json(),
    send: async (method, path, body) => void (await call(method, path, body)).body?.cancel(),
    download: async (path, most) => bytesOf(await call("GET", path), most),
  };
}

async function bytesOf(answer: Response, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body ?? []) {
    length += part.length;
    if (length > most) throw new RefusalError("An artifact is larger than a card can be.");
    parts.push(part);
  }
  return Buffer.concat(parts);
}
