import { text } from "node:stream/consumers";

/**
 * Writes conversations through the product and prints the ids it was told are stored, as one JSON list. Runs in the network
 * namespace of the engine under test. Standard input: {url, email, password, count}.
 */
const { url, email, password, count } = JSON.parse(await text(process.stdin)) as {
  url: string;
  email: string;
  password: string;
  count: number;
};
const page = { "content-type": "application/json", "x-fidus-csrf": "1", origin: url };
const login = await fetch(`${url}/api/v1/auth/login`, {
  method: "POST",
  headers: page,
  body: JSON.stringify({ email, password }),
});
const cookie = login.headers
  .getSetCookie()
  .map((entry) => entry.split(";")[0])
  .join("; ");
const acknowledged: string[] = [];
for (let index = 0; index < count; index += 1) {
  const stop = new AbortController();
  const response = await fetch(`${url}/api/v1/chat`, {
    method: "POST",
    headers: { ...page, cookie },
    body: JSON.stringify({ content: `ledger entry ${index}` }),
    signal: stop.signal,
  });
  // The first event names the conversation: from then on it must survive anything.
  const chunk = await response.body?.getReader().read();
  const id = /"conversationId":"([^"]+)"/.exec(Buffer.from(chunk?.value ?? []).toString())?.[1];
  if (id !== undefined) acknowledged.push(id);
  stop.abort();
}
process.stdout.write(JSON.stringify(acknowledged));
