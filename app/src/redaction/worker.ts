import { parentPort } from "node:worker_threads";
import type { Asked, Told } from "./redactor.ts";
import { redactRequest } from "./request.ts";

// The thread of a Redactor: one request after the other.
parentPort?.on("message", ({ id, raw }: Asked) => {
  parentPort?.postMessage(answer(id, Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)));
});

function answer(id: number, raw: Buffer): Told {
  try {
    return { id, ...redactRequest(raw) };
  } catch (error) {
    return { id, error };
  }
}
