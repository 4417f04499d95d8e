import { Router } from "express";
import { z } from "zod";
import type { User } from "../auth/users.ts";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { refuseWhileDraining } from "../http/drain.ts";
import { currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parse, parseBody, parseId, storableText } from "../http/parse.ts";
import { EventStream } from "../http/stream.ts";
import type { FoundChunk } from "../knowledge/chunk-rows.ts";
import { requireEmbeddingModel } from "../knowledge/routes.ts";
import { citationsOf, searchDocuments } from "../knowledge/search.ts";
import { writeAnswer } from "./answer.ts";
import { listConversations, listQuery } from "./conversation-list.ts";
import { sendAnswer } from "./growing-answer.ts";
import { beginTurn, deleteConversation, ownsMessage, readConversation, setTitle } from "./store.ts";

const id = z.uuid();
export const chatBody = z
  .strictObject({
    conversationId: id.optional(),
    content: storableText.max(32_000).regex(/\S/, "must not be empty"),
    model: storableText.min(1).max(200).optional(),
    /** A question of this conversation that gives way to this one, with all that follows it. */
    replaces: id.optional(),
    /** True: the answer may draw on the person's documents. */
    documents: z.boolean().default(false),
  })
  .refine(({ replaces, conversationId }) => replaces === undefined || conversationId !== undefined, {
    path: ["replaces"],
    message: "needs the conversationId that the question belongs to",
  });
export const titleBody = z.strictObject({ title: storableText.trim().min(1).max(200) });

/** Conversations of the signed-in person. Somebody else's look as if they did not exist. */
export function createConversationRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("chat"));

  router.get("/", async (req, res) => {
    res.json(await listConversations(ctx, currentUser(req).id, parse(listQuery, req.query)));
  });

  router.get("/:id", async (req, res) => {
    const conversation = await readConversation(ctx, currentUser(req).id, parseId(id, req.params.id));
    if (conversation === null) throw new AppError("not_found");
    res.json(conversation);
  });

  router.patch("/:id", async (req, res) => {
    const { title } = parseBody(titleBody, req);
    const renamed = await setTitle(ctx, currentUser(req).id, parseId(id, req.params.id), { title, by: "person" });
    if (renamed === null) throw new AppError("not_found");
    res.json(renamed);
  });

  router.delete("/:id", async (req, res) => {
    const deleted = await deleteConversation(ctx.db, currentUser(req).id, parseId(id, req.params.id));
    if (!deleted) throw new AppError("not_found");
    res.status(204).end();
  });
  return router;
}

/** Where a reader goes on: the id of the last event it got, which is a position in the text. */
function parseLastEventId(header: string | undefined): number {
  const parsed = z.coerce
    .number()
    .int()
    .nonnegative()
    .safeParse(header ?? 0);
  if (parsed.success) return parsed.data;
  throw new AppError("invalid_request", { message: "Last-Event-ID must be the id of an event of this answer." });
}

/** Excerpts for one answer. */
const excerpts = 4;

async function findExcerpts(ctx: Context, user: User, question: string, requestId: string): Promise<FoundChunk[]> {
  const wish = { model: requireEmbeddingModel(ctx), question: question.slice(0, 4_000), limit: excerpts, requestId };
  const work = ctx.lifecycle.begin();
  try {
    return await searchDocuments(ctx, { userId: user.id, tenant: user.tenant }, wish, work.signal);
  } finally {
    work.done();
  }
}

/** Asking, reading on and stopping. */
export function createChatRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("chat"));

  router.post("/", refuseWhileDraining(ctx), async (req, res) => {
    const {
      conversationId = null,
      content,
      model: asked = ctx.probes.model,
      replaces = null,
      documents,
    } = parseBody(chatBody, req);
    const model = ctx.trials.choose(asked, currentUser(req).id);
    if (model === null) throw new AppError("no_model", { retryAfter: 5 });
    const found = documents ? await findExcerpts(ctx, currentUser(req), content, String(res.getHeader("x-request-id"))) : [];
    const question = { userId: currentUser(req).id, conversationId, content, model, replaces, citations: citationsOf(found) };
    const turn = await beginTurn(ctx, question);
    const { messageId, questionId, title, citations } = turn;
    const work = ctx.lifecycle.begin();
    const answer = ctx.answers.open(messageId, turn.sealer, () => work.stop("cancelled"));
    // Goes on when the client leaves: it comes back for the rest, or stops it.
    void writeAnswer(ctx, { user: currentUser(req), turn, model, found }, work, answer).finally(() => work.done());
    const stream = new EventStream(res, ctx.heartbeatMs);
    const start = { conversationId: turn.conversationId, messageId, questionId, title, ...(documents ? { citations } : {}) };
    await stream.send("start", start, 0);
    await sendAnswer(answer, stream, 0);
    stream.end();
  });

  router.get("/:messageId/events", async (req, res) => {
    const messageId = parseId(id, req.params.messageId);
    const from = parseLastEventId(req.get("last-event-id"));
    if (!(await ownsMessage(ctx.db, currentUser(req).id, messageId))) throw new AppError("not_found");
    const followed = await ctx.answers.follow(messageId);
    if (followed === null) throw new AppError("not_found");
    try {
      const stream = new EventStream(res, ctx.heartbeatMs);
      await sendAnswer(followed.answer, stream, from);
      stream.end();
    } finally {
      followed.leave();
    }
  });

  router.post("/:messageId/cancel", async (req, res) => {
    const messageId = parseId(id, req.params.messageId);
    if (!(await ownsMessage(ctx.db, currentUser(req).id, messageId))) throw new AppError("not_found");
    const told = await ctx.cancels.cancel(messageId);
    res.status(202).json({ cancelled: told });
  });
  return router;
}
