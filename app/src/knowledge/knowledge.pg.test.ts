import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, password, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { docx } from "../testing/documents.ts";
import { scriptedEmbedder } from "../testing/embedder.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp } from "../testing/process.ts";
import { apiEnv } from "../testing/settings.ts";
import { startUpstream, type ScriptedUpstream } from "../testing/upstream.ts";
import { largestFile } from "./upload.ts";

let pg: TestPostgres;
let upstream: ScriptedUpstream;
let api: TestApi;
let databaseUrl: string;
let ann: Record<string, string>;
let bob: Record<string, string>;
let annId: string;
let annKey: string;
const uploads = mkdtempSync("/tmp/fidus-uploads-");

beforeAll(async () => {
  pg = await startPostgres();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  upstream = await startUpstream();
  upstream.answer(scriptedEmbedder(() => [1, 0]));
  const env = { EMBEDDING_MODEL: "embedder", UPLOADS_FOLDER: uploads };
  api = await startApi({ databaseUrl, upstream: upstream.url, env });
  const made = await addUser(api.ctx, "ann@test");
  [annId, annKey] = [made.user.id, made.apiKey];
  await addUser(api.ctx, "bob@test");
  [ann, bob] = [await signIn(api, "ann@test"), await signIn(api, "bob@test")];
}, 60_000);

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await pg?.stop();
  rmSync(uploads, { recursive: true, force: true });
});

function upload(name: string, content: string | Uint8Array<ArrayBuffer>, headers = ann, field = "file"): Promise<Response> {
  const form = new FormData();
  form.append(field, new Blob([content]), name);
  const rest = Object.fromEntries(Object.entries(headers).filter(([header]) => header !== "content-type"));
  return fetch(`${api.url}/api/v1/documents`, { method: "POST", headers: rest, body: form });
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly embedded: number;
  readonly chunks: number;
  readonly state: string;
}

async function list(headers = ann): Promise<Listed[]> {
  const response = await fetch(`${api.url}/api/v1/documents`, { headers });
  return ((await response.json()) as { documents: Listed[] }).documents;
}

const workerEnv = () => ({ ...apiEnv(databaseUrl, upstream.url), EMBEDDING_MODEL: "embedder", UPLOADS_FOLDER: uploads });

const files = (): string[] => (existsSync(join(uploads, annId)) ? readdirSync(join(uploads, annId)) : []);

describe("a document", () => {
  test("is kept with its file, embedded by the worker, listed, and deleted with both [A-18]", async () => {
    const response = await upload("notes.md", "# Cats\nMau sleeps.");
    const made = (await response.json()) as { id: string };
    expect([response.status, made]).toMatchObject([
      201,
      { name: "notes.md", kind: "text", bytes: 18, chunks: 1, embedded: 0, state: "queued" },
    ]);
    expect(files()).toEqual([made.id]);
    expect((await list())[0]?.state).toBe("queued");
    const worker = startApp(["worker"], workerEnv());
    await until(async () => (await list())[0]?.embedded === 1, 30_000);
    worker.child.kill("SIGTERM");
    expect((await worker.finished).code).toBe(0);
    expect((await list())[0]?.state).toBe("ready");
    const passage = (headers: Record<string, string>, position: number): Promise<Response> =>
      fetch(`${api.url}/api/v1/documents/${made.id}/chunks/${position}`, { headers });
    expect(await (await passage(ann, 1)).json()).toEqual({ place: "lines 1–2", content: "# Cats\nMau sleeps." });
    expect([(await passage(ann, 2)).status, (await passage(bob, 1)).status]).toEqual([404, 404]);
    const vectors = "SELECT embedding, embedding_model AS model, place FROM chunks";
    expect(await query(databaseUrl, vectors)).toEqual([{ embedding: [1, 0], model: "embedder", place: "lines 1–2" }]);
    const ledger = "SELECT feature, model, prompt_tokens::int AS tokens FROM usage_events WHERE feature = 'embeddings'";
    expect(await query(databaseUrl, ledger)).toEqual([{ feature: "embeddings", model: "embedder", tokens: 1 }]);
    const path = `${api.url}/api/v1/documents/${made.id}`;
    expect((await fetch(path, { method: "DELETE", headers: bob })).status).toBe(404);
    expect([(await list(bob)).length, (await list()).length]).toEqual([0, 1]);
    expect((await fetch(path, { method: "DELETE", headers: ann })).status).toBe(204);
    expect([await list(), files(), await query(databaseUrl, "SELECT 1 FROM chunks")]).toEqual([[], [], []]);
  }, 60_000);

  test("of exactly 50 MB is taken [A-18]", async () => {
    const response = await upload("a.docx", await docx("<w:p><w:r><w:t>Large</w:t></w:r></w:p>", largestFile));
    const made = (await response.json()) as { id: string };
    expect([response.status, made]).toMatchObject([201, { name: "a.docx", bytes: largestFile }]);
    expect((await fetch(`${api.url}/api/v1/documents/${made.id}`, { method: "DELETE", headers: ann })).status).toBe(204);
  }, 60_000);

  test.each<[string, () => Promise<Response>, number, string]>([
    ["of an unknown kind", () => upload("run.exe", "MZ"), 422, "unreadable_document"],
    ["that is not what its name says", () => upload("a.pdf", "no PDF"), 422, "unreadable_document"],
    ["that is broken", () => upload("a.pdf", "%PDF-1.4 nonsense"), 422, "unreadable_document"],
    ["in another field", () => upload("a.md", "text", ann, "other"), 400, "invalid_request"],
    ["of more than 50 MB", () => upload("a.txt", new Uint8Array(largestFile + 1).fill(97)), 413, "too_large"],
    [
      "sent without a form",
      () => fetch(`${api.url}/api/v1/documents`, { method: "POST", headers: ann, body: "{}" }),
      400,
      "invalid_request",
    ],
    [
      "sent as a form without a boundary",
      () =>
        fetch(`${api.url}/api/v1/documents`, {
          method: "POST",
          headers: { ...ann, "content-type": "multipart/form-data" },
          body: "x",
        }),
      400,
      "invalid_request",
    ],
  ])(
    "%s is refused and leaves nothing",
    async (_name, send, status, code) => {
      const response = await send();
      expect([response.status, await response.json()]).toMatchObject([status, { error: { code } }]);
      expect([await list(), files()]).toEqual([[], []]);
    },
    60_000,
  );

  test("named like a path stays in its person's folder", async () => {
    const response = await upload("../../evil.md", "text");
    const { id, name } = (await response.json()) as { id: string; name: string };
    expect(name).not.toMatch(/[/\\]/);
    expect(files()).toEqual([id]);
    await fetch(`${api.url}/api/v1/documents/${id}`, { method: "DELETE", headers: ann });
  });

  test.each([
    ["Übersicht – 日本語 🙂.md", "Übersicht – 日本語 🙂.md"],
    [`${"🙂".repeat(300)}.Markdown`, `${"🙂".repeat(191)}.Markdown`],
  ])("keeps its name, in any script, and of a long one the ending: %s", async (given, kept) => {
    const response = await upload(given, "text");
    const { id, name } = (await response.json()) as { id: string; name: string };
    expect([response.status, name, (await list())[0]?.name]).toEqual([201, kept, kept]);
    await fetch(`${api.url}/api/v1/documents/${id}`, { method: "DELETE", headers: ann });
  });

  test("is sealed in PostgreSQL and on the disk, exported in clear, and erased with its file, by the worker too [A-16]", async () => {
    const words = `Kingfisher-4711 ${"flies. ".repeat(20_000)}`;
    const { user } = await addUser(api.ctx, "cat@test");
    const cat = await signIn(api, "cat@test");
    const { id } = (await (await upload("birds.md", words, cat)).json()) as { id: string };
    const folder = join(uploads, user.id);
    const onDisk = readFileSync(join(folder, id));
    expect([onDisk.includes("Kingfisher"), onDisk.length]).toEqual([false, Buffer.byteLength(words) + 1 + 12 + 16]);
    const rows = await query<{ text: string }>(databaseUrl, "SELECT c::text AS text FROM chunks c WHERE document_id = $1", [id]);
    expect(rows.length).toBeGreaterThan(50);
    const all = rows.map(({ text }) => text).join("");
    expect([all.includes("Kingfisher"), all.includes(Buffer.from("Kingfisher").toString("hex"))]).toEqual([false, false]);

    const exported = await (await fetch(`${api.url}/api/v1/me/export`, { headers: cat })).text();
    const document = exported.split("\n").find((line) => line.includes('"type":"document"')) ?? "{}";
    expect(JSON.parse(document)).toMatchObject({ id, name: "birds.md", chunks: expect.any(Array) as unknown });
    expect(document).toContain("Kingfisher-4711 flies.");

    // Killed behind the key: the worker takes rows and files.
    const destroy = "UPDATE fidus_keys.data_keys SET wrapped = NULL, key_id = NULL, erased_at = now() WHERE user_id = $1";
    await query(databaseUrl, destroy, [user.id]);
    const worker = startApp(["worker"], workerEnv());
    await until(async () => (await query(databaseUrl, "SELECT 1 FROM users WHERE id = $1", [user.id])).length === 0, 30_000);
    worker.child.kill("SIGTERM");
    await worker.finished;
    const left = await query(databaseUrl, "SELECT 1 FROM documents UNION ALL SELECT 1 FROM chunks");
    expect([existsSync(folder), left]).toEqual([false, []]);
  }, 60_000);

  test("goes with its person's account, file and all", async () => {
    const { user } = await addUser(api.ctx, "dan@test");
    const dan = await signIn(api, "dan@test");
    expect((await upload("notes.md", "text", dan)).status).toBe(201);
    expect(readdirSync(join(uploads, user.id))).toHaveLength(1);
    const gone = await fetch(`${api.url}/api/v1/me`, { method: "DELETE", headers: dan, body: JSON.stringify({ password }) });
    expect([gone.status, existsSync(join(uploads, user.id))]).toEqual([204, false]);
    expect(await query(databaseUrl, "SELECT 1 FROM documents WHERE user_id = $1", [user.id])).toEqual([]);
  });

  test("is out of reach without a sign-in, and for a key without the scope", async () => {
    expect((await upload("a.md", "text", {})).status).toBe(401);
    expect((await upload("a.md", "text", { authorization: `Bearer ${annKey}` })).status).toBe(403);
  });
});

test("without the extension a search is 503 and says what is missing in the log alone; without a model all is 404", async () => {
  const search = (url: string, headers: Record<string, string>) =>
    fetch(`${url}/api/v1/documents/search`, { method: "POST", headers, body: JSON.stringify({ query: "cats" }) });
  const away = await search(api.url, ann);
  expect([away.status, await away.json()]).toMatchObject([503, { error: { code: "knowledge_away" } }]);
  const other = await startApi({ databaseUrl, upstream: upstream.url });
  const off = await search(other.url, ann);
  expect([off.status, await off.json()]).toMatchObject([404, { error: { code: "knowledge_off" } }]);
  await other.close();
});
