import { Agent, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";

/** What is asked, and how much of it. */
export interface LoadArgs {
  /** Origin of the product. */
  readonly url: string;
  readonly apiKey: string;
  readonly model: string;
  /** Whole answers asked for in a second, by the clock: a late timer is made good. */
  readonly perSecond: number;
  /** Streams that are open at any time. */
  readonly streams: number;
}

/** What clients saw. */
export interface Seen {
  readonly requests: number;
  readonly streams: number;
  readonly seconds: number;
  /** Time until a whole answer was there, of the slowest and of the median. */
  readonly slowestMs: number;
  readonly medianMs: number;
  /** Answers that were not what they should be. */
  readonly wrong: readonly Wrong[];
}

/** Times are milliseconds of `performance.now()`. */
export interface Wrong {
  readonly kind: "request" | "stream";
  readonly asked: number;
  readonly ended: number;
  /** 0: the connection broke. */
  readonly status: number;
  /** The end of what came, or the error. */
  readonly text: string;
}

/** Most questions that wait for an answer: a client has an end of patience and of sockets. */
const mostWaiting = 512;

/** Clients that ask without a pause and without a second try, until they are told to stop. */
export class LoadClient {
  readonly #args: LoadArgs;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #open = new Set<Promise<void>>();
  readonly #took: number[] = [];
  readonly #wrong: Wrong[] = [];
  readonly #started = performance.now();
  readonly #work: Promise<unknown>;
  #requests = 0;
  #streams = 0;
  #over = false;

  constructor(args: LoadArgs) {
    this.#args = args;
    this.#work = Promise.all([this.#ask(), ...Array.from({ length: args.streams }, (_, index) => this.#listen(index))]);
  }

  /** Asked for so far. */
  get requests(): number {
    return this.#requests;
  }

  /** Asks no more and waits for what is open. */
  async stop(): Promise<Seen> {
    this.#over = true;
    const seconds = (performance.now() - this.#started) / 1_000;
    await this.#work;
    await Promise.all(this.#open);
    this.#agent.destroy();
    const took = this.#took.toSorted((a, b) => a - b);
    const [medianMs = 0, slowestMs = 0] = [took[Math.floor(took.length / 2)], took.at(-1)].map((ms) => Math.round(ms ?? 0));
    return { requests: this.#requests, streams: this.#streams, seconds, slowestMs, medianMs, wrong: this.#wrong };
  }

  async #ask(): Promise<void> {
    while (!this.#over) {
      const due = Math.floor(((performance.now() - this.#started) / 1_000) * this.#args.perSecond) - this.#requests;
      for (let left = Math.min(due, mostWaiting - this.#open.size); left > 0; left -= 1) {
        const asked = this.#whole().finally(() => this.#open.delete(asked));
        this.#open.add(asked);
      }
      await delay(10);
    }
  }

  async #whole(): Promise<void> {
    this.#requests += 1;
    const started = performance.now();
    await this.#judge("request", ({ status }) => status === 200);
    this.#took.push(performance.now() - started);
  }

  /** Begins a moment after the one before it, so that streams end at every time. */
  async #listen(index: number): Promise<void> {
    await delay(index * 100);
    while (!this.#over) {
      this.#streams += 1;
      const whole = ({ status, text }: Answer): boolean =>
        status === 200 && text.includes('"finish_reason":"stop"') && text.endsWith("data: [DONE]\n\n");
      await this.#judge("stream", whole);
    }
  }

  async #judge(kind: Wrong["kind"], isRight: (answer: Answer) => boolean): Promise<void> {
    const asked = performance.now();
    const answer = await this.#post(kind === "stream").catch((error: unknown) => ({ status: 0, text: String(error) }));
    if (isRight(answer)) return;
    this.#wrong.push({ kind, asked, ended: performance.now(), status: answer.status, text: answer.text.slice(-300) });
  }

  #post(stream: boolean): Promise<Answer> {
    const { url, apiKey, model } = this.#args;
    const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    return new Promise((resolve, reject) => {
      const asked = request(`${url}/v1/chat/completions`, { method: "POST", headers, agent: this.#agent }, (res) => {
        let text = "";
        res.setEncoding("utf8");
        res.on("data", (piece: string) => (text += piece));
        res.on("end", () => resolve({ status: res.statusCode ?? 0, text }));
        res.on("error", reject);
      });
      asked.on("error", reject);
      asked.end(JSON.stringify({ model, stream, messages: [{ role: "user", content: "Hello" }] }));
    });
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}
