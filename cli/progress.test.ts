import { expect, test, vi } from "vitest";
import { createProgress, elapsed, type ProgressStream } from "./progress.ts";

function collect(): ProgressStream & { text: string } {
  return {
    text: "",
    columns: 40,
    write(part: string) {
      this.text += part;
    },
  };
}

test("without a terminal a finished step is one line with its duration, and the result passes through", async () => {
  const stream = collect();
  let time = 0;
  const progress = createProgress({ stream, tty: false, now: () => time });
  const result = await progress.step("images", async (step) => {
    step.update("fidus/base");
    time = 42_000;
    return 7;
  });
  expect([result, stream.text]).toEqual([7, "✓ images (42 s)\n"]);
});

test("a failing step is marked and its error passes through; a skipped one gives its reason", async () => {
  const stream = collect();
  const progress = createProgress({ stream, tty: false, now: () => 0 });
  await expect(progress.step("model", () => Promise.reject(new Error("no disk")))).rejects.toThrow("no disk");
  await progress.step("admin", async (step) => step.skip("there is one"));
  expect(stream.text).toBe("✗ model (0.0 s)\n- admin (there is one)\n");
});

test("a long step without a terminal says now and then that it lives", async () => {
  vi.useFakeTimers();
  try {
    const stream = collect();
    const progress = createProgress({ stream, tty: false, heartbeatMs: 10_000, now: () => Date.now() });
    const gate = Promise.withResolvers<void>();
    const running = progress.step("toolchain", (step) => {
      step.update("go build\n\u001b[2K");
      return gate.promise;
    });
    await vi.advanceTimersByTimeAsync(21_000);
    expect(stream.text).toBe("… toolchain · go build (10 s)\n… toolchain · go build (20 s)\n");
    gate.resolve();
    await running;
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("on a terminal steps side by side are redrawn in place, within the width, below notes", async () => {
  const stream = collect();
  const progress = createProgress({ stream, tty: true, now: () => 0 });
  const gate = Promise.withResolvers<void>();
  const both = [
    progress.step("one", () => gate.promise),
    progress.step("a title that is much longer than the terminal", () => gate.promise),
  ];
  progress.note("hello");
  expect(stream.text.endsWith("\u001b[2A\u001b[0Jhello\n⠋ one (0.0 s)\n⠋ a title that is much longer than the…\n")).toBe(true);
  gate.resolve();
  await Promise.all(both);
  expect(
    stream.text.endsWith("\u001b[1A\u001b[0J\u001b[32m✓\u001b[39m a title that is much longer than the terminal (0.0 s)\n"),
  ).toBe(true);
});

test.each([
  [0, "0.0 s"],
  [9_949, "9.9 s"],
  [9_950, "10 s"],
  [59_400, "59 s"],
  [59_500, "1 min 00 s"],
  [185_000, "3 min 05 s"],
])("%d ms read as %s", (ms, text) => expect(elapsed(ms)).toBe(text));
