import type { ServerResponse } from "node:http";
import type { Exchange } from "./gateway.ts";
import type { StreamPass } from "./stream-pass.ts";
import { upstreamError } from "./upstream.ts";

/**
 * Moves a stream to its reader, no faster than the reader takes it. Resolves at the stream's end, or when nothing more may pass.
 * Events and not an asynchronous loop: this runs for every token of every answer.
 * @throws AppError when the stream breaks off
 */
export function pump(
  { first, rest }: Exchange,
  res: ServerResponse,
  pass: StreamPass,
  onPiece: (out: Buffer) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const resume = (): void => void rest?.resume();
    const settle = (act: () => void): void => {
      rest?.off("data", take).off("end", end).off("error", fail).off("close", close);
      res.off("drain", resume);
      rest?.destroy();
      act();
    };
    const take = (piece: Buffer): void => {
      let out: Buffer;
      try {
        out = pass.push(piece);
      } catch (error) {
        return fail(error);
      }
      onPiece(out);
      if (out.length > 0 && !res.write(out)) rest?.pause();
      if (pass.closed) settle(resolve);
    };
    const end = (): void => settle(resolve);
    const fail = (error: unknown): void => settle(() => reject(upstreamError(error)));
    const close = (): void => fail(new Error("the stream was closed"));
    res.on("drain", resume);
    take(first);
    if (pass.closed || rest === null) return resolve();
    // Between the first piece and now it may have ended, one way or the other, and told nobody.
    if (rest.readableEnded) return end();
    if (rest.destroyed) return fail(rest.errored ?? new Error("the stream was closed"));
    rest.on("end", end).on("error", fail).on("close", close).on("data", take);
  });
}
