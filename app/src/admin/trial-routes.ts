import { Router } from "express";
import { z } from "zod";
import type { Context } from "../context.ts";
import { transaction } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { currentUser } from "../http/guards.ts";
import { parseBody, parseId, storableText } from "../http/parse.ts";
import { audit } from "./audit.ts";

const name = storableText.min(1).max(200);
export const trialBody = z.strictObject({ other: name, percent: z.int().min(1).max(100) });

/** A/B tests of models: a share of the people who ask for one gets another. `/usage?by=model` compares them. */
export function createTrialAdminRouter({ db, trials }: Pick<Context, "db" | "trials">): Router {
  const router = Router();

  router.get("/", (_req, res) => {
    res.json({ trials: trials.list() });
  });

  router.put("/:name", async (req, res) => {
    const model = parseId(name, req.params.name);
    const { other, percent } = parseBody(trialBody, req);
    await transaction(db, async (client) => {
      await client.query(
        `INSERT INTO model_trials (name, other, percent) VALUES ($1, $2, $3)
         ON CONFLICT (name) DO UPDATE SET other = excluded.other, percent = excluded.percent`,
        [model, other, percent],
      );
      await audit(client, currentUser(req), "trial.set", model, { other, percent });
    });
    await trials.reread();
    res.json({ name: model, other, percent });
  });

  router.delete("/:name", async (req, res) => {
    const model = parseId(name, req.params.name);
    await transaction(db, async (client) => {
      const { rowCount } = await client.query("DELETE FROM model_trials WHERE name = $1", [model]);
      if (rowCount === 0) throw new AppError("not_found");
      await audit(client, currentUser(req), "trial.remove", model);
    });
    await trials.reread();
    res.status(204).end();
  });
  return router;
}
