import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { sideBySide } from "./side-by-side.ts";

const forever = new AbortController().signal;

/** Works until it is stopped, and takes a moment to stop. */
async function untilStopped(signal: AbortSignal, ended: string[], name: string): Promise<void> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  await setImmediate();
  ended.push(name);
  throw new Error(`${name} was stopped`);
}

test("all parts run at the same time, and the end is the end of the last one", async () => {
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  await sideBySide(forever, [
    async () => (await gate.promise, seen.push("waited for the second")),
    async () => (seen.push("second"), gate.resolve()),
  ]);
  expect(seen).toEqual(["second", "waited for the second"]);
});

test("the error of the first part that fails is thrown, after the others were stopped and have ended", async () => {
  const ended: string[] = [];
  const works = [
    (signal: AbortSignal) => untilStopped(signal, ended, "images"),
    () => Promise.reject(new Error("no Go")),
    (signal: AbortSignal) => untilStopped(signal, ended, "model"),
  ];
  await expect(sideBySide(forever, works)).rejects.toThrow("no Go");
  expect(ended).toEqual(["images", "model"]);
});

test("the operator's signal stops every part", async () => {
  const ended: string[] = [];
  const operator = new AbortController();
  const running = sideBySide(operator.signal, [
    (signal) => untilStopped(signal, ended, "images"),
    (signal) => untilStopped(signal, ended, "model"),
  ]);
  operator.abort();
  await expect(running).rejects.toThrow("images was stopped");
  expect(ended).toEqual(["images", "model"]);
});
