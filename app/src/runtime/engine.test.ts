import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createLogger } from "../log.ts";
import { Engine } from "./engine.ts";
import type { FromEngine, GenerateOptions, ToEngine } from "./protocol.ts";

/** A scripted engine process. */
class FakeChild extends EventEmitter {
  static readonly all: FakeChild[] = [];
  readonly pid = FakeChild.all.push(this);
  readonly got: ToEngine[] = [];

  send(message: ToEngine): boolean {
    this.got.push(message);
    if (message.type === "abort") this.say({ type: "done", id: message.id, result });
    return true;
  }

  say(message: FromEngine): void {
    this.emit("message", message);
  }

  kill(): boolean {
    queueMicrotask(() => this.emit("exit", null, "SIGKILL"));
    return true;
  }
}

const result = { finishReason: "stop", promptTokens: 3, completionTokens: 9, tokensPerSecond: 50 } as const;
const options: GenerateOptions = { messages: [], maxTokens: null, temperature: 0, topP: null, seed: null, stop: [] };
const never = new AbortController().signal;
const latest = (): FakeChild => FakeChild.all.at(-1) as FakeChild;
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};
let engine: Engine;

beforeEach(() => {
  vi.useFakeTimers();
  FakeChild.all.length = 0;
  engine = new Engine({
    modelFile: import.meta.filename,
    threads: 1,
    contextTokens: 2048,
    idleUnloadSeconds: 60,
    queueLimit: 2,
    log: createLogger("silent", "test", ""),
    start: () => new FakeChild() as unknown as ChildProcess,
  });
});
afterEach(() => {
  engine.close();
  vi.useRealTimers();
});

async function loaded(): Promise<FakeChild> {
  latest().say({ type: "ready", contextTokens: 2048 });
  await settle();
  return latest();
}

describe("the engine", () => {
  test("starts no process before the first request, and answers it when the model is there", async () => {
    expect([FakeChild.all.length, engine.loaded]).toEqual([0, false]);
    const texts: string[] = [];
    const answer = engine.generate(options, never, (text) => texts.push(text));
    const child = await loaded();
    expect(engine.loaded).toBe(true);
    child.say({ type: "text", id: 1, text: "a" });
    child.say({ type: "text", id: 99, text: "somebody else's" });
    child.say({ type: "done", id: 1, result });
    expect([await answer, texts, engine.tokensPerSecond]).toEqual([result, ["a"], 50]);
  });

  test("answers one request at a time, in order", async () => {
    const answers = [engine.generate(options, never, () => {}), engine.generate(options, never, () => {})];
    const child = await loaded();
    expect(child.got.map(({ id }) => id)).toEqual([1]);
    child.say({ type: "done", id: 1, result });
    await answers[0];
    await settle();
    expect(child.got.map(({ id }) => id)).toEqual([1, 2]);
    child.say({ type: "done", id: 2, result });
    await answers[1];
    expect(FakeChild.all).toHaveLength(1);
  });

  test("refuses a request when as many wait as may, and takes one again when one is through", async () => {
    const waiting = [1, 2, 3].map(() => engine.generate(options, never, () => {}));
    await expect(engine.generate(options, never, () => {})).rejects.toMatchObject({ failure: "busy" });
    const child = await loaded();
    child.say({ type: "done", id: 1, result });
    await waiting[0];
    await settle();
    const late = engine.generate(options, never, () => {});
    for (const id of [2, 3, 4]) {
      child.say({ type: "done", id, result });
      await settle();
    }
    expect(await late).toEqual(result);
  });

  test("forgets a waiting request whose caller left, and stops a running one", async () => {
    const [running, queued] = [new AbortController(), new AbortController()];
    const answers = [engine.generate(options, running.signal, () => {}), engine.generate(options, queued.signal, () => {})];
    const child = await loaded();
    queued.abort();
    expect(await answers[1]).toBeNull();
    running.abort();
    expect(await answers[0]).toBeNull();
    expect(child.got.map(({ type }) => type)).toEqual(["generate", "abort"]);
  });

  test("takes the model out of memory after the idle time, not before, and loads it again when asked", async () => {
    const first = engine.generate(options, never, () => {});
    (await loaded()).say({ type: "done", id: 1, result });
    await first;
    await settle();
    vi.advanceTimersByTime(59_000);
    expect(engine.loaded).toBe(true);
    vi.advanceTimersByTime(2_000);
    expect([engine.loaded, engine.pid]).toEqual([false, null]);
    const second = engine.generate(options, never, () => {});
    await settle();
    expect(FakeChild.all).toHaveLength(2);
    (await loaded()).say({ type: "done", id: 2, result });
    expect(await second).toEqual(result);
  });

  test("does not count a running answer as idle", async () => {
    const answer = engine.generate(options, never, () => {});
    const child = await loaded();
    vi.advanceTimersByTime(600_000);
    expect(engine.loaded).toBe(true);
    child.say({ type: "done", id: 1, result });
    expect(await answer).toEqual(result);
  });

  test("reports a load that fails with its words, and tries again at the next request", async () => {
    const first = engine.generate(options, never, () => {});
    latest().say({ type: "failed", id: null, failure: "model_failed", message: "not a GGUF file" });
    latest().emit("exit", 1, null);
    await expect(first).rejects.toMatchObject({ failure: "model_failed", message: "not a GGUF file" });
    const second = engine.generate(options, never, () => {});
    await settle();
    (await loaded()).say({ type: "done", id: 1, result });
    expect(await second).toEqual(result);
  });

  test("reports a load that hangs", async () => {
    const answer = engine.generate(options, never, () => {});
    const refused = expect(answer).rejects.toMatchObject({
      failure: "model_failed",
      message: "The model did not load within 300 s.",
    });
    vi.advanceTimersByTime(300_000);
    await refused;
  });

  test("reports a process that dies in the middle of an answer, and answers the next request with a new one", async () => {
    const first = engine.generate(options, never, () => {});
    (await loaded()).emit("exit", null, "SIGSEGV");
    await expect(first).rejects.toMatchObject({ failure: "generation_failed" });
    const second = engine.generate(options, never, () => {});
    await settle();
    (await loaded()).say({ type: "done", id: 2, result });
    expect(await second).toEqual(result);
  });

  test("starts nothing without a model file", async () => {
    const empty = new Engine({
      modelFile: "/nowhere/model.gguf",
      threads: 1,
      contextTokens: 1,
      idleUnloadSeconds: 1,
      queueLimit: 1,
      log: createLogger("silent", "test", ""),
      start: () => new FakeChild() as unknown as ChildProcess,
    });
    expect(empty.usable).toBe(false);
    const failure = { failure: "no_model", message: "There is no model file at /nowhere/model.gguf." };
    await expect(empty.generate(options, never, () => {})).rejects.toMatchObject(failure);
    expect(FakeChild.all).toHaveLength(0);
  });
});
