import type { Context } from "../context.ts";
import type { AnswerWatch } from "./answer-watch.ts";
import { demandOf, type Call } from "./call.ts";
import type { Exchange } from "./gateway.ts";
import { paidFor, type Plan, type Target } from "./plan.ts";
import { RefusalError } from "./refusal.ts";
import {
  tokensOfBytes,
  usageInText,
  type Admission,
  type Candidate,
  type Demand,
  type ExchangeOutcome,
  type Payer,
  type Usage,
} from "./usage.ts";

type AccountContext = Pick<Context, "meter" | "llmMetrics" | "telemetry" | "log" | "gateway">;

const outcomeOfStop = { "client-gone": "client_gone", cancelled: "cancelled", "shutting-down": "shut_down" } as const;
/** Share of the context above which a prompt of a runtime that cuts silently was probably cut. */
const nearlyFull = 0.97;

/** Follows one request from its reservation to its settlement: who answered, how it ended, what it used. */
export class Account {
  readonly #ctx: AccountContext;
  readonly #call: Call;
  readonly #plan: Plan;
  readonly #requestId: string;
  readonly #admission: Admission;
  readonly #started: number;
  readonly #admitted = performance.now();
  readonly #attempts: { readonly candidate: Candidate; readonly at: number }[] = [];
  #candidate: Candidate | null = null;
  #exchange: Exchange | null = null;
  #watch: AnswerWatch | null = null;
  #outcome: ExchangeOutcome = "failed";

  private constructor(ctx: AccountContext, call: Call, plan: Plan, requestId: string, started: number, admission: Admission) {
    this.#started = started;
    this.#ctx = ctx;
    this.#call = call;
    this.#plan = plan;
    this.#requestId = requestId;
    this.#admission = admission;
  }

  /** Asks the meter. @throws AppError when it refuses */
  static async open(
    ctx: AccountContext,
    call: Call,
    plan: Plan,
    who: Payer & Pick<Demand, "requestId" | "onTokensLeft">,
  ): Promise<Account> {
    const started = performance.now();
    const admission = await ctx.meter.admit(demandOf(call, plan, who));
    return new Account(ctx, call, plan, who.requestId, started, admission);
  }

  /** Longest answer that is paid for; null: no limit. */
  get maxTokens(): number | null {
    return this.#admission.maxTokens;
  }

  /** Who may be asked: those of the plan that are paid for. */
  get targets(): readonly Target[] {
    return paidFor(this.#plan.targets, this.#admission);
  }

  readonly asked = (who: Candidate): void => {
    this.#candidate = who;
    this.#attempts.push({ candidate: who, at: performance.now() });
  };

  answered(exchange: Exchange, watch: AnswerWatch | null): void {
    this.#exchange = exchange;
    this.#candidate = exchange.candidate;
    this.#watch = watch;
  }

  /** A whole answer went out. */
  complete(): void {
    this.#outcome = "complete";
  }

  get isComplete(): boolean {
    return this.#outcome === "complete";
  }

  /** The runtime reported an error in its stream. */
  failed(): void {
    this.#outcome = "failed";
  }

  /** It ended before it was whole: a reason to stop, or an error. */
  broke(cause: unknown): void {
    const stop = typeof cause === "string" && Object.hasOwn(outcomeOfStop, cause);
    if (stop) this.#outcome = outcomeOfStop[cause as keyof typeof outcomeOfStop];
    else this.#outcome = cause instanceof RefusalError && cause.status < 500 ? "refused" : "failed";
  }

  /** Tells breaker, meter, metrics and log how it ended. Never throws. */
  async settle(): Promise<void> {
    const outcome = this.#outcome;
    const exchange = this.#exchange;
    const told = outcome === "complete" ? "complete" : outcome === "failed" ? "failed" : "left";
    exchange?.end(told);
    const usage = this.usage;
    const { llmMetrics, log } = this.#ctx;
    const totalMs = performance.now() - this.#started;
    const firstByteMs = exchange?.firstByteMs ?? null;
    const { endpoint } = this.#call;
    this.#trace(usage, totalMs);
    llmMetrics.answer({ runtime: this.#candidate?.runtime ?? null, endpoint, outcome, totalMs, firstByteMs, usage });
    this.#noteTruncation(usage);
    const { runtime = null, model: answeredBy = null } = this.#candidate ?? {};
    const times = { ms: Math.round(totalMs), firstByteMs: firstByteMs === null ? null : Math.round(firstByteMs) };
    const entry = {
      requestId: this.#requestId,
      endpoint,
      model: this.#plan.model,
      runtime,
      answeredBy,
      outcome,
      ...times,
      ...usage,
    };
    log[outcome === "failed" ? "warn" : "info"](entry, "answer");
    try {
      const used = usage.prompt + usage.completion > 0;
      await this.#admission.settle({ candidate: used ? this.#candidate : null, outcome, usage });
    } catch (error) {
      log.error({ err: error, requestId: this.#requestId }, "could not settle an answer");
    }
  }

  #trace(usage: Usage, totalMs: number): void {
    const at = (ms: number): number => performance.timeOrigin + ms;
    const firstByteMs = this.#exchange?.firstByteMs ?? null;
    const asked = this.#attempts[0]?.at ?? this.#admitted;
    this.#ctx.telemetry.answered({
      requestId: this.#requestId,
      endpoint: this.#call.endpoint,
      model: this.#plan.model ?? "",
      outcome: this.#outcome,
      usage,
      started: at(this.#started),
      admitted: at(this.#admitted),
      attempts: this.#attempts.map((attempt) => ({ ...attempt, at: at(attempt.at) })),
      firstByte: firstByteMs === null ? null : at(asked + firstByteMs),
      ended: at(this.#started + totalMs),
    });
  }

  /** Nothing was used where a runtime refused or gave nothing; a caller who left may have cost the prompt. */
  get usage(): Usage {
    const { promptTokens, endpoint } = this.#call;
    const none = { prompt: 0, completion: 0, estimated: false };
    const exchange = this.#exchange;
    if (exchange === null) {
      const working = this.#candidate !== null && ["client_gone", "cancelled", "shut_down"].includes(this.#outcome);
      return working ? { prompt: promptTokens, completion: 0, estimated: true } : none;
    }
    if (this.#watch !== null) return this.#watch.usage(promptTokens);
    const completion = endpoint === "embeddings" ? 0 : tokensOfBytes(exchange.first.length);
    return usageInText(exchange.first.toString("utf8")) ?? { prompt: promptTokens, completion, estimated: true };
  }

  /** A prompt that fills the context of a runtime that cuts silently: the operator should know why answers miss the beginning. */
  #noteTruncation({ prompt, estimated }: Usage): void {
    const { config, adapter } = this.#exchange?.target.runtime ?? {};
    if (config?.contextTokens == null || adapter?.longPrompt !== "truncates" || estimated) return;
    if (prompt < config.contextTokens * nearlyFull) return;
    this.#ctx.llmMetrics.truncated(config.name);
    const { name: runtime, contextTokens } = config;
    this.#ctx.log.warn({ requestId: this.#requestId, runtime, prompt, contextTokens }, "the runtime probably cut this prompt");
  }
}
