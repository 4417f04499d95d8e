import DataLoader from "dataloader";
import { isDataException } from "./pool.ts";

/** Larger batches would keep the first waiting for the last. */
const largestBatch = 100;

/**
 * Answers questions together: those that come while an answer is under way form the next batch, so that a busy process asks
 * the database once for many and an idle one at once. No answer is older than its question.
 * `ask` gives one answer, or one Error, for each question, in their order.
 */
export function batched<Question, Answer>(
  ask: (questions: readonly Question[]) => Promise<readonly (Answer | Error)[]>,
): (question: Question) => Promise<Answer> {
  const waiting: (() => void)[] = [];
  let busy = false;
  /** A question that the database cannot read must cost nobody else the answer. */
  async function oneByOne(questions: readonly Question[]): Promise<(Answer | Error)[]> {
    const answers: (Answer | Error)[] = [];
    for (const question of questions) {
      const [answer] = await ask([question]).catch((error: unknown) => [
        error instanceof Error ? error : new Error(String(error)),
      ]);
      answers.push(answer ?? new Error("a batch of one had no answer"));
    }
    return answers;
  }
  const loader = new DataLoader<Question, Answer>(
    async (questions) => {
      try {
        return await ask(questions);
      } catch (error) {
        if (questions.length === 1 || !isDataException(error)) throw error;
        return await oneByOne(questions);
      } finally {
        busy = false;
        waiting.shift()?.();
      }
    },
    {
      cache: false,
      maxBatchSize: largestBatch,
      batchScheduleFn: (start) => {
        const begin = (): void => {
          busy = true;
          start();
        };
        // Not before all that this turn of the event loop brings is here.
        if (busy) waiting.push(begin);
        else {
          busy = true;
          setImmediate(begin);
        }
      },
    },
  );
  return (question) => loader.load(question);
}
