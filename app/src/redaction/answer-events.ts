import { restoreJson } from "./answer.ts";
import { TextRestorer, type Placeholders } from "./placeholders.ts";

/** An event of a stream: what is needed of it here. */
interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

type Json = Readonly<Record<string, unknown>>;
/** The way to a text inside a delta: names of members, and numbers of list entries that carry an index of their own. */
type Path = readonly (string | { readonly index: number })[];

/** A text that arrives in pieces, and how an event of its own is made for what was held back of it. */
interface Channel {
  readonly restorer: TextRestorer;
  /** The choice, or the item of a response, that it belongs to. */
  readonly owner: string;
  readonly event: (held: string) => string;
}

export interface AnswerEventsOptions {
  readonly responses: boolean;
  /** The answer itself was asked for as JSON. */
  readonly json: boolean;
}

/** Words of the protocol: never cut, never ours. */
const fixed = new Set(["role", "id", "type", "object", "finish_reason"]);
const argumentsOfTools = new Set(["arguments", "response.function_call_arguments", "response.mcp_call_arguments"]);

/**
 * Restores the events of a streamed answer, whose texts may be cut anywhere. What is held back of a text goes out with its next piece;
 * at its end as an event of its own.
 */
export class AnswerEvents {
  readonly #placeholders: Placeholders;
  readonly #options: AnswerEventsOptions;
  readonly #channels = new Map<string, Channel>();
  /** The members around the choices of the last chunk. */
  #frame: Json = {};
  /** Events put in so far: the numbers of those behind them move on. */
  #added = 0;
  /** The runtime's own number of the event that a held text goes out before. */
  #next = 0;

  constructor(placeholders: Placeholders, options: AnswerEventsOptions) {
    this.#placeholders = placeholders;
    this.#options = options;
  }

  /** An event as it goes out, and before it what it ends. */
  push({ event, data }: StreamEvent): string {
    const json = parse(data);
    if (json === null) return (data === "[DONE]" ? this.flush() : "") + written(event, data);
    return this.#options.responses ? this.#response(event, data, json) : this.#chunk(event, data, json);
  }

  /** What is held back, as events. */
  flush(owner: string | null = null): string {
    let out = "";
    for (const [key, channel] of this.#channels) {
      if (owner !== null && channel.owner !== owner) continue;
      const held = channel.restorer.flush();
      if (held !== "") out += channel.event(held);
      this.#channels.delete(key);
    }
    return out;
  }

  #chunk(event: string, data: string, json: Json): string {
    const { choices, usage: _, ...frame } = json;
    if (!Array.isArray(choices)) return written(event, restoreJson(data, this.#placeholders));
    this.#frame = frame;
    let before = "";
    let touched = false;
    const restored = choices.map((choice: Json, position) => {
      const index = typeof choice["index"] === "number" ? choice["index"] : position;
      const { delta, text, finish_reason: finish } = choice;
      const next: Record<string, unknown> = { ...choice };
      if (typeof text === "string") next["text"] = this.#piece(index, ["text"], text);
      if (typeof delta === "object" && delta !== null) next["delta"] = this.#walk(index, ["delta"], delta);
      touched ||= next["text"] !== text || (delta !== undefined && JSON.stringify(next["delta"]) !== JSON.stringify(delta));
      if (typeof finish !== "string") return next;
      // The last text may stand in the very event that ends it.
      const rest = this.flush(String(index));
      if (rest === "") return next;
      if (carriesText(choice)) {
        before += this.#alone(index, next) + rest;
        touched = true;
        return { ...choice, ...(delta === undefined ? { text: "" } : { delta: {} }) };
      }
      before += rest;
      return next;
    });
    return before + written(event, touched ? JSON.stringify({ ...json, choices: restored }) : data);
  }

  /** One choice without its end, in an event of its own. */
  #alone(index: number, { finish_reason: _, ...choice }: Json): string {
    return written("message", JSON.stringify({ ...this.#frame, choices: [{ ...choice, index, finish_reason: null }] }));
  }

  #walk(index: number, path: Path, value: unknown): unknown {
    if (typeof value === "string") return this.#piece(index, path, value);
    if (Array.isArray(value)) {
      return value.map((entry: unknown, position) => {
        const own = (entry as { index?: unknown } | null)?.index;
        return this.#walk(index, [...path, { index: typeof own === "number" ? own : position }], entry);
      });
    }
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, fixed.has(name) ? inner : this.#walk(index, [...path, name], inner)]),
    );
  }

  #piece(index: number, path: Path, text: string): string {
    const inJson =
      argumentsOfTools.has(String(path.at(-1))) || (this.#options.json && ["content", "text"].includes(String(path.at(-1))));
    const event = (held: string): string => {
      const choice = { index, ...(nested(path, held) as object), finish_reason: null };
      return written("message", JSON.stringify({ ...this.#frame, choices: [choice] }));
    };
    return this.#channel(`${index} ${JSON.stringify(path)}`, String(index), inJson, event).push(text);
  }

  #response(event: string, data: string, json: Json): string {
    const type = typeof json["type"] === "string" ? json["type"] : event;
    const { delta, sequence_number: _, ...place } = json;
    if (type.endsWith(".delta") && typeof delta === "string") {
      const base = type.slice(0, -".delta".length);
      const inJson = argumentsOfTools.has(base) || (this.#options.json && base === "response.output_text");
      const number = json["sequence_number"];
      const own = (held: string): string => {
        this.#added++;
        // Takes the number of the event that it stands before.
        const numbered = typeof number === "number" ? { sequence_number: this.#next - 1 + this.#added } : {};
        return written(event, JSON.stringify({ ...place, ...numbered, delta: held }));
      };
      const owner = ownerOf(base, json);
      const text = this.#channel(owner, owner, inJson, own).push(delta);
      if (typeof number === "number") this.#next = number + 1;
      return written(
        event,
        text === delta ? this.#numbered(data, json) : JSON.stringify(this.#withNumber({ ...json, delta: text })),
      );
    }
    if (typeof json["sequence_number"] === "number") this.#next = json["sequence_number"];
    const before = type.endsWith(".done") ? this.flush(ownerOf(type.slice(0, -".done".length), json)) : "";
    const rest = /^response\.(?:completed|incomplete|failed)$|^error$/.test(type) ? this.flush() : "";
    return before + rest + written(event, restoreJson(this.#numbered(data, json), this.#placeholders));
  }

  #numbered(data: string, json: Json): string {
    return this.#added === 0 ? data : JSON.stringify(this.#withNumber(json));
  }

  #withNumber(json: Json): Json {
    const number = json["sequence_number"];
    return typeof number === "number" ? { ...json, sequence_number: number + this.#added } : json;
  }

  #channel(key: string, owner: string, inJson: boolean, event: Channel["event"]): TextRestorer {
    const restorer = this.#channels.get(key)?.restorer ?? new TextRestorer(this.#placeholders, inJson);
    this.#channels.set(key, { restorer, owner, event });
    return restorer;
  }
}

function ownerOf(
  base: string,
  { item_id: item, output_index: output, content_index: content, summary_index: summary }: Json,
): string {
  return JSON.stringify([base, item, output, content, summary]);
}

function carriesText({ delta, text }: Json): boolean {
  return typeof text === "string" || (typeof delta === "object" && delta !== null && Object.keys(delta).length > 0);
}

/** The smallest object that has this text at this place. */
function nested(path: Path, text: string): unknown {
  return path.reduceRight<unknown>((inner, step) => {
    if (typeof step === "string") return { [step]: inner };
    return [{ index: step.index, ...(typeof inner === "object" ? inner : {}) }];
  }, text);
}

function parse(data: string): Json | null {
  try {
    const json = JSON.parse(data) as unknown;
    return typeof json === "object" && json !== null && !Array.isArray(json) ? (json as Json) : null;
  } catch {
    return null;
  }
}

function written(event: string, data: string): string {
  const name = event === "message" ? "" : `event: ${event}\n`;
  return `${name}data: ${data.replaceAll("\n", "\ndata: ")}\n\n`;
}
