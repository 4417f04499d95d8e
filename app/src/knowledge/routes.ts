import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { transaction } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { refuseWhileDraining } from "../http/drain.ts";
import { currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parseBody, parseId, storableText } from "../http/parse.ts";
import { enqueue } from "../jobs/queues.ts";
import { readChunk, writeChunks } from "./chunk-rows.ts";
import { chunksOf } from "./chunker.ts";
import { withStates } from "./document-states.ts";
import { countDocuments, deleteDocument, insertDocument, listDocuments } from "./documents.ts";
import { extractPages } from "./extract.ts";
import { searchDocuments } from "./search.ts";
import { receiveFile } from "./upload.ts";

const mostDocuments = 200;
const id = z.uuid();
const chunkPosition = z.coerce.number().int().min(1).max(2_147_483_647);
export const searchBody = z.strictObject({
  query: storableText.max(4_000).refine((text) => text.trim() !== "", "must not be empty"),
  limit: z.int().min(1).max(50).default(8),
});

/** The model for embeddings. @throws AppError knowledge_off */
export function requireEmbeddingModel({ config }: Pick<Context, "config">): string {
  if (config.knowledge.embeddingModel === null) throw new AppError("knowledge_off");
  return config.knowledge.embeddingModel;
}

/** Documents of the signed-in person. Somebody else's look as if they did not exist. */
export function createDocumentRouter(ctx: Context): Router {
  const router = Router();
  const { uploadsFolder } = ctx.config.knowledge;
  const fileOf = (userId: string, documentId: string): string => join(uploadsFolder, userId, documentId);
  router.use(requireUser(ctx), requireScope("documents"));

  router.get("/", async (req, res) => {
    const documents = await listDocuments(ctx.db, currentUser(req).id, requireEmbeddingModel(ctx));
    res.json({ documents: await withStates(ctx.db, documents) });
  });

  router.post("/", refuseWhileDraining(ctx), async (req, res) => {
    requireEmbeddingModel(ctx);
    const userId = currentUser(req).id;
    if ((await countDocuments(ctx.db, userId)) >= mostDocuments) {
      throw new AppError("conflict", { message: `You have ${mostDocuments} documents. Delete one first.` });
    }
    const documentId = randomUUID();
    const file = fileOf(userId, documentId);
    const sealer = await ctx.dataKeys.of(userId);
    try {
      const upload = await receiveFile(req, { file, documentId, sealer });
      const opened = (): AsyncIterable<Buffer> => sealer.openFile(documentId, createReadStream(file));
      const chunks = chunksOf(await extractPages(opened, { kind: upload.kind }, ctx.config.knowledge.readerProgram));
      await transaction(ctx.db, async (client) => {
        await insertDocument(client, { id: documentId, userId, ...upload });
        await writeChunks(client, sealer, documentId, chunks);
        await enqueue(client, "document-embed", documentId, { documentId });
      });
      res.status(201).json({ id: documentId, ...upload, chunks: chunks.length, embedded: 0, state: "queued" });
    } catch (error) {
      await rm(file, { force: true });
      throw error;
    }
  });

  router.get("/:id/chunks/:position", async (req, res) => {
    const at = { documentId: parseId(id, req.params.id), position: parseId(chunkPosition, req.params.position) };
    const chunk = await readChunk(ctx, currentUser(req).id, at);
    if (chunk === null) throw new AppError("not_found");
    res.json(chunk);
  });

  router.delete("/:id", async (req, res) => {
    const userId = currentUser(req).id;
    const documentId = parseId(id, req.params.id);
    if (!(await deleteDocument(ctx.db, userId, documentId))) throw new AppError("not_found");
    await rm(fileOf(userId, documentId), { force: true });
    res.status(204).end();
  });

  router.post("/search", async (req, res) => {
    const model = requireEmbeddingModel(ctx);
    const { query: question, limit } = parseBody(searchBody, req);
    const { id: userId, tenant } = currentUser(req);
    const work = ctx.lifecycle.begin();
    try {
      const wish = { model, question, limit, requestId: String(res.getHeader("x-request-id")) };
      const results = await searchDocuments(ctx, { userId, tenant }, wish, work.signal);
      res.json({ results });
    } finally {
      work.done();
    }
  });
  return router;
}
