import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../../app/src/db/migrate.ts";
import { embedDocument } from "../../app/src/knowledge/embed-job.ts";
import { insertDocument } from "../../app/src/knowledge/documents.ts";
import { writeChunks } from "../../app/src/knowledge/chunk-rows.ts";
import { migrationsFolder } from "../../app/src/resources.ts";
import { addUser, signIn, startApi, type TestApi } from "../../app/src/testing/api.ts";
import { scriptedEmbedder } from "../../app/src/testing/embedder.ts";
import { allEvents } from "../../app/src/testing/events.ts";
import { query } from "../../app/src/testing/postgres.ts";
import { startUpstream, type ScriptedUpstream } from "../../app/src/testing/upstream.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { fillDocument, TestEngine } from "../../infra/images/testing.ts";

const engine = new TestEngine();
let upstream: ScriptedUpstream;
let api: TestApi;
let databaseUrl: string;
let containerId = "";
const people: Record<string, { id: string; headers: Record<string, string> }> = {};

/** Our PostgreSQL, with pgvector, on a loopback port. */
beforeAll(async () => {
  const images = await engine.images("base", "postgres");
  const [files, data] = [await engine.volume(), await engine.volume()];
  await engine.fill(images.base, files, fillDocument("postgres", { postgres_password: "p1" }));
  const mounts = [
    "-v",
    `${files}:/run/fidus:ro`,
    "-v",
    `${data}:/var/lib/postgresql/data`,
    "--tmpfs",
    "/run/postgresql:mode=1777",
  ];
  const created = await engine.docker([
    "run",
    "-d",
    "--label",
    "fidus.test=images",
    "-p",
    "127.0.0.1::5432",
    ...mounts,
    images.postgres,
  ]);
  containerId = created.trim();
  await engine.healthy(containerId);
  const address = (await engine.docker(["port", containerId, "5432"])).trim();
  databaseUrl = `postgres://fidus:p1@${address}/fidus`;
  await migrate(databaseUrl, migrationsFolder());
  upstream = await startUpstream();
  api = await startApi({ databaseUrl, upstream: upstream.url, env: { EMBEDDING_MODEL: "embedder" } });
  for (const name of ["ann", "bob"]) {
    const { user } = await addUser(api.ctx, `${name}@test`);
    people[name] = { id: user.id, headers: await signIn(api, `${name}@test`) };
  }
});

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  if (containerId !== "") await engine.docker(["rm", "--force", "--volumes", containerId]);
  await engine.close();
});

const person = (name: string) => people[name] ?? { id: "", headers: {} };

/** A plane: north, east, and between them. */
const plane = (text: string): number[] => (text.includes("north") ? [0, 1] : text.includes("between") ? [1, 1] : [1, 0]);

async function addDocument(owner: string, name: string, texts: readonly string[]): Promise<string> {
  const id = randomUUID();
  await insertDocument(api.ctx.db, { id, userId: person(owner).id, name, kind: "text", bytes: 1 });
  await writeChunks(
    api.ctx.db,
    await api.ctx.dataKeys.of(person(owner).id),
    id,
    texts.map((content, index) => ({ place: `line ${index + 1}`, content })),
  );
  return id;
}

const embed = (documentId: string, embeddingModel = "embedder") =>
  embedDocument({ ...api.ctx, embeddingModel }, { documentId }, new AbortController().signal);

async function search(owner: string, text: string): Promise<{ place: string; content: string; name: string; score: number }[]> {
  const { headers } = person(owner);
  const response = await fetch(`${api.url}/api/v1/documents/search`, {
    method: "POST",
    headers,
    body: JSON.stringify({ query: text }),
  });
  expect(response.status).toBe(200);
  return ((await response.json()) as { results: { place: string; content: string; name: string; score: number }[] }).results;
}

test("a search ranks by nearness, finds nobody else's documents, and an answer cites what it drew on [A-13] [D-03]", async () => {
  upstream.answer(scriptedEmbedder(plane, "As [1] says."));
  const mine = await addDocument("ann", "map.md", ["it lies east", "it lies north", "it lies between"]);
  const hers = await addDocument("bob", "secret.md", ["bob's north"]);
  await embed(mine);
  await embed(hers);
  const found = await search("ann", "north?");
  expect(found.map(({ content, place }) => [content, place])).toEqual([
    ["it lies north", "line 2"],
    ["it lies between", "line 3"],
    ["it lies east", "line 1"],
  ]);
  expect(found.map(({ score }) => Math.round(score * 100))).toEqual([100, 71, 0]);
  expect((await search("bob", "north?")).map(({ name }) => name)).toEqual(["secret.md"]);

  const body = JSON.stringify({ content: "What lies north?", documents: true });
  const asked = await fetch(`${api.url}/api/v1/chat`, { method: "POST", headers: person("ann").headers, body });
  const [start] = await allEvents(asked);
  const citations = [2, 3, 1].map((line, index) => ({
    number: index + 1,
    documentId: mine,
    name: "map.md",
    place: `line ${line}`,
    position: line,
  }));
  expect(start?.data).toMatchObject({ citations });
  const { messages } = JSON.parse(upstream.requests.at(-1)?.body ?? "{}") as { messages: { role: string; content: string }[] };
  expect(messages.map(({ role }) => role)).toEqual(["system", "user"]);
  expect(messages[0]?.content).toContain('[1] map.md, line 2:\n"""\nit lies north\n"""');
  expect(messages[0]?.content).not.toContain("bob");
  const stored = await fetch(`${api.url}/api/v1/conversations/${String(start?.data.conversationId)}`, {
    headers: person("ann").headers,
  });
  expect(await stored.json()).toMatchObject({ messages: [{ citations: null }, { content: "As [1] says.", citations }] });
});

test("another dimension behind the same name, and another model, are embedded anew", async () => {
  const jobs = async () => {
    const sql = "SELECT singleton_key AS key FROM jobs.job WHERE name = 'document-embed' AND state = 'created' ORDER BY 1";
    return (await query<{ key: string }>(databaseUrl, sql)).map(({ key }) => key);
  };
  const [mine] = await query<{ id: string }>(databaseUrl, "SELECT id FROM documents WHERE user_id = $1", [person("ann").id]);
  const id = mine?.id ?? "";
  upstream.answer(scriptedEmbedder((text) => [...plane(text), 0]));
  expect(await search("ann", "north?")).toEqual([]);
  expect(await jobs()).toEqual([id]);
  await embed(id);
  await eventually("the new vectors are found", async () => (await search("ann", "north?"))[0]?.content === "it lies north");
  await query(databaseUrl, "DELETE FROM jobs.job WHERE name = 'document-embed'");
  await embedDocument({ ...api.ctx, embeddingModel: "another" }, {}, new AbortController().signal);
  const all = await query<{ id: string }>(databaseUrl, "SELECT id FROM documents ORDER BY id");
  expect(await jobs()).toEqual(all.map((row) => row.id).sort());
  await embed(id, "another");
  const models =
    "SELECT DISTINCT embedding_model AS model, cardinality(embedding) AS dimension FROM chunks WHERE document_id = $1";
  expect(await query(databaseUrl, models, [id])).toEqual([{ model: "another", dimension: 3 }]);
});
