import { expect, test } from "vitest";
import { eventually } from "./eventually.ts";

test("the first answer that is one is returned, after those that are none and those that fail", async () => {
  const answers = [
    () => false,
    () => null,
    () => Promise.resolve(undefined),
    () => Promise.reject(new Error("not up")),
    () => "up",
  ];
  expect(await eventually("it is up", () => answers.shift()?.())).toBe("up");
  expect(answers).toEqual([]);
  expect(await eventually("a count", () => 0)).toBe(0);
});

test("without one it fails after the limit with what was waited for and the last failure", async () => {
  const failure = await eventually("it is up", () => Promise.reject(new Error("no route")), 1).catch((error: unknown) => error);
  expect(failure).toMatchObject({ message: "not within 1 ms: it is up", cause: { message: "no route" } });
  await expect(eventually("it is up", () => false, 1)).rejects.toThrow("not within 1 ms: it is up");
});
