import DataLoader from "dataloader";

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
  const loader = new DataLoader<Question, Answer>(
    async (questions) => {
      try {
        return await ask(questions);
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
