import { expect, test } from "vitest";
import { batched } from "./batch.ts";

/** Answers each batch when the test says so. */
function asked() {
  const batches: { readonly questions: readonly number[]; readonly answer: (answers: readonly (number | Error)[]) => void }[] =
    [];
  const ask = batched<number, number>((questions) => new Promise((answer) => batches.push({ questions, answer })));
  return { batches, ask };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test("what is asked in the same turn is one batch, and each gets its own answer", async () => {
  const { batches, ask } = asked();
  const both = Promise.all([ask(1), ask(2)]);
  await turn();
  expect(batches.map(({ questions }) => questions)).toEqual([[1, 2]]);
  batches[0]?.answer([10, 20]);
  await expect(both).resolves.toEqual([10, 20]);
});

test("what is asked while an answer is under way waits for it, and is asked anew even if it is the same", async () => {
  const { batches, ask } = asked();
  const first = ask(1);
  await turn();
  const [same, other] = [ask(1), ask(3)];
  await turn();
  expect(batches).toHaveLength(1);
  batches[0]?.answer([10]);
  await turn();
  expect(batches.map(({ questions }) => questions)).toEqual([[1], [1, 3]]);
  batches[1]?.answer([11, 30]);
  await expect(Promise.all([first, same, other])).resolves.toEqual([10, 11, 30]);
});

test("one error is one caller's; a failure is everybody's of that batch, and the next is asked all the same", async () => {
  let calls = 0;
  const ask = batched<number, number>((questions) => {
    if (++calls === 2) return Promise.reject(new Error("away"));
    return Promise.resolve(questions.map((question) => (question < 0 ? new Error("negative") : question)));
  });
  const settled = (...questions: number[]) => Promise.allSettled(questions.map((question) => ask(question)));
  expect((await settled(1, -1)).map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  expect((await settled(1, 2)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect((await settled(1, 2)).map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
});

test("nobody is forgotten when more are waiting than fit into one batch", async () => {
  const ask = batched<number, number>((questions) => Promise.resolve(questions.map((question) => question * 2)));
  const numbers = Array.from({ length: 1_050 }, (_, index) => index);
  await expect(Promise.all(numbers.map((number) => ask(number)))).resolves.toEqual(numbers.map((number) => number * 2));
});
