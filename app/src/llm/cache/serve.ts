import type { Response } from "express";
import type { Context } from "../../context.ts";
import { streamHeaders } from "../../http/stream.ts";
import type { Call } from "../call.ts";
import type { Plan } from "../plan.ts";
import type { Payer } from "../usage.ts";
import type { KeptAnswer } from "./response-cache.ts";

type ServeContext = Pick<Context, "meter" | "log">;

/** Gives an answer from the cache: a stream as a stream, all at once. The ledger gets its row, at no cost. */
export function serveKept(
  { meter, log }: ServeContext,
  res: Response,
  { call: { endpoint }, plan: { model }, payer, answer }: { call: Call; plan: Plan; payer: Payer; answer: KeptAnswer },
): void {
  const { body, stream, candidate, usage } = answer;
  res.setHeader("x-fidus-runtime", candidate.runtime);
  res.setHeader("x-fidus-model", encodeURI(candidate.model));
  if (stream) res.writeHead(200, streamHeaders);
  else res.writeHead(200, { "content-type": "application/json", "content-length": body.length });
  res.end(body);
  meter.cached({ ...payer, endpoint, model }, candidate, usage);
  const requestId = res.getHeader("x-request-id");
  log.info({ requestId, endpoint, model, answeredBy: candidate.model, outcome: "cached", ...usage }, "answer");
}
