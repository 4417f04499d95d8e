import { z } from "zod";
import { readUnembedded, writeEmbedding } from "./chunk-rows.ts";
import { embedMissing, ownerOfDocument } from "./documents.ts";
import { embed, type EmbedContext } from "./embed.ts";

const embedData = z.object({ documentId: z.uuid().optional() });
const batch = 16;

/**
 * The job `document-embed`: the vectors that a document still lacks, a few at a time; a cut run goes on where it was. Without a
 * document it asks for all that the model has not seen: the operator may have chosen another one.
 */
export async function embedDocument(
  ctx: EmbedContext & { readonly embeddingModel: string | null },
  data: unknown,
  signal: AbortSignal,
): Promise<void> {
  const { documentId } = embedData.parse(data);
  const { db, embeddingModel: model } = ctx;
  if (model === null) return;
  if (documentId === undefined) return void (await embedMissing(db, model));
  const owner = await ownerOfDocument(db, documentId);
  if (owner === null) return;
  const sealer = await ctx.dataKeys.of(owner.userId);
  for (;;) {
    signal.throwIfAborted();
    const chunks = await readUnembedded(db, sealer, documentId, { model, limit: batch });
    if (chunks.length === 0) return;
    const texts = chunks.map(({ content }) => content);
    const vectors = await embed(ctx, owner, { model, texts, requestId: documentId }, signal);
    for (const [index, { position }] of chunks.entries()) {
      await writeEmbedding(db, documentId, position, { model, vector: vectors[index] ?? [] });
    }
  }
}
