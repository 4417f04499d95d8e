import { AppError } from "../errors.ts";
import type { ListedModel } from "./adapters/adapter.ts";
import type { LlmConfig } from "./config.ts";
import { inOrder } from "./routing.ts";
import type { Runtime } from "./runtime.ts";
import type { Admission, Candidate, Endpoint } from "./usage.ts";

/** One runtime that may answer, under its own name for the model. */
export interface Target {
  readonly runtime: Runtime;
  readonly model: string;
}

/** Who is to answer, in the order in which they are tried. */
export interface Plan {
  /** The name that was asked for, or the default. */
  readonly model: string;
  /** Never empty. */
  readonly targets: readonly Target[];
}

export interface Wish {
  /** Null: the caller named none. */
  readonly model: string | null;
  readonly endpoint: Endpoint;
  /** True: the caller allowed models that run outside the house. */
  readonly cloud: boolean;
  /** True: there are pictures or the like in it, which nobody can redact. @default false */
  readonly unreadable?: boolean;
}

export function candidate({ runtime, model }: Target): Candidate {
  return { runtime: runtime.config.name, model, cloud: runtime.config.cloud };
}

/** The targets that an admission lets be asked. */
export function paidFor(targets: readonly Target[], { candidates }: Admission): readonly Target[] {
  const admitted = ({ runtime, model }: Target): boolean =>
    candidates.some((one) => one.runtime === runtime.config.name && one.model === model);
  return targets.filter(admitted);
}

/** Knows which runtimes answer for a name. */
export class Planner {
  readonly #config: LlmConfig;
  readonly #runtimes: readonly Runtime[];

  constructor(config: LlmConfig, runtimes: readonly Runtime[]) {
    this.#config = config;
    this.#runtimes = runtimes;
  }

  /** The model to use when the caller names none: the configured one, else the first that a runtime lists. */
  get defaultModel(): string | null {
    return this.#config.model ?? this.#runtimes.find(({ state }) => state.models.length > 0)?.state.models[0]?.id ?? null;
  }

  /** Targets of the name and then of its fall-backs; those that may not or cannot serve are left out. @throws AppError when none is left */
  plan({ model: asked, endpoint, cloud, unreadable = false }: Wish): Plan {
    const model = asked ?? this.defaultModel;
    if (model === null) throw new AppError("no_model", { retryAfter: 5 });
    const groups = this.#groups(model);
    const all = groups.flat();
    if (all.length === 0) {
      throw new AppError("model_not_found", {
        message: `The model ${JSON.stringify(model)} does not exist here.`,
        param: "model",
      });
    }
    const serves = ({ runtime }: Target): boolean => runtime.config.endpoints.includes(endpoint);
    const allowed = ({ runtime }: Target): boolean => cloud || !runtime.config.optIn;
    const redactable = ({ runtime }: Target): boolean => !unreadable || runtime.config.redaction !== "on";
    const may = (target: Target): boolean => serves(target) && allowed(target) && redactable(target);
    const targets = groups.flatMap((group) => this.#order(group.filter(may)));
    if (targets.length > 0) return { model, targets };
    if (all.some((target) => serves(target) && allowed(target))) throw new AppError("not_redactable");
    if (all.some(serves)) throw new AppError("cloud_not_allowed", { param: "model" });
    throw new AppError("unsupported_endpoint", { param: "model" });
  }

  /** What a caller may name: the aliases, or what the runtimes list where there are none. */
  models(cloud: boolean): ListedModel[] {
    const visible = (runtime: Runtime | undefined): boolean => runtime !== undefined && (cloud || !runtime.config.optIn);
    const aliases = Object.keys(this.#config.models).filter((alias) =>
      this.#groups(alias)
        .flat()
        .some((target) => visible(target.runtime)),
    );
    if (Object.keys(this.#config.models).length > 0) {
      return aliases.map((id) => ({ id, object: "model", created: 0, owned_by: "fidus" }));
    }
    const listed = this.#runtimes.filter(visible).flatMap(({ state }) => state.models);
    return [...new Map(listed.toReversed().map((entry) => [entry.id, entry])).values()].toReversed();
  }

  /** Equal targets by name, then those of each fall-back. */
  #groups(model: string): Target[][] {
    const { models } = this.#config;
    if (Object.keys(models).length > 0) {
      const route = Object.hasOwn(models, model) ? models[model] : undefined;
      if (route === undefined) return [];
      const names = [route, ...route.fallbacks.map((name) => models[name])];
      return names.map((one) => (one?.targets ?? []).flatMap((target) => this.#target(target.runtime, target.model)));
    }
    // One runtime alone decides itself which names it knows: some load a model they do not list.
    if (this.#runtimes.length === 1) return [this.#runtimes.map((runtime) => ({ runtime, model }))];
    const listing = this.#runtimes.filter(({ state }) => state.models.some(({ id }) => id === model));
    return [listing.map((runtime) => ({ runtime, model }))];
  }

  #target(name: string, model: string): Target[] {
    return this.#runtimes.filter(({ config }) => config.name === name).map((runtime) => ({ runtime, model }));
  }

  #order(group: readonly Target[]): Target[] {
    const choices = group.map((target) => {
      const { load, latencyMs, usable } = target.runtime;
      return { target, load, latencyMs, usable };
    });
    return inOrder(choices, this.#config.routing).map(({ target }) => target);
  }
}
