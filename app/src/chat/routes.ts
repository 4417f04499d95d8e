import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";
import { refuseWhileDraining } from "../http/drain.ts";
import { currentUser, requireScope, requireUser } from "../http/guards.ts";
import { parseBody, parseId, storableText } from "../http/parse.ts";
import { EventStream, onClientGone } from "../http/stream.ts";
import { writeAnswer } from "./answer.ts";
import { beginTurn, deleteConversation, listConversations, ownsMessage, readConversation } from "./store.ts";

const id = z.uuid();
const chatBody = z.strictObject({
  conversationId: id.optional(),
  content: storableText.max(32_000).refine((text) => text.trim() !== "", "must not be empty"),
  model: storableText.min(1).max(200).optional(),
});

/** Conversations of the signed-in person. Somebody else's look as if they did not exist. */
export function createConversationRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("chat"));

  router.get("/", async (req, res) => {
    res.json({ conversations: await listConversations(ctx.db, currentUser(req).id) });
  });

  router.get("/:id", async (req, res) => {
    const conversation = await readConversation(ctx.db, currentUser(req).id, parseId(id, req.params.id));
    if (conversation === null) throw new AppError("not_found");
    res.json(conversation);
  });

  router.delete("/:id", async (req, res) => {
    const deleted = await deleteConversation(ctx.db, currentUser(req).id, parseId(id, req.params.id));
    if (!deleted) throw new AppError("not_found");
    res.status(204).end();
  });
  return router;
}

/** Asking and stopping. */
export function createChatRouter(ctx: Context): Router {
  const router = Router();
  router.use(requireUser(ctx), requireScope("chat"));

  router.post("/", refuseWhileDraining(ctx), async (req, res) => {
    const { conversationId = null, content, model: asked = ctx.probes.model } = parseBody(chatBody, req);
    const model = ctx.trials.choose(asked, currentUser(req).id);
    if (model === null) throw new AppError("no_model", { retryAfter: 5 });
    const turn = await beginTurn(ctx.db, { userId: currentUser(req).id, conversationId, content, model });
    const work = ctx.lifecycle.begin();
    try {
      onClientGone(res, () => work.stop("client-gone"));
      if (res.closed) work.stop("client-gone");
      const stream = new EventStream(res, ctx.heartbeatMs);
      const { messageId, title } = turn;
      await stream.send("start", { conversationId: turn.conversationId, messageId, title });
      await writeAnswer(ctx, { user: currentUser(req), turn, model }, work, stream);
    } finally {
      work.done();
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
