import type { Measured } from "./process.ts";

/** Bytes in use in the heap of a process started with `--inspect=127.0.0.1:0`, after everything that can be freed is. */
export async function heapAfterCollection(process: Measured): Promise<number> {
  const [url] = await process.line(/ws:\/\/\S+/);
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  let id = 0;
  const call = (method: string): Promise<Record<string, number>> =>
    new Promise((resolve) => {
      const own = ++id;
      const heard = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: Record<string, number> };
        if (message.id !== own) return;
        socket.removeEventListener("message", heard);
        resolve(message.result ?? {});
      };
      socket.addEventListener("message", heard);
      socket.send(JSON.stringify({ id: own, method }));
    });
  await call("HeapProfiler.enable");
  // Twice: what finalizers let go is collected by the second.
  for (let round = 0; round < 2; round++) await call("HeapProfiler.collectGarbage");
  const { usedSize = Number.NaN } = await call("Runtime.getHeapUsage");
  socket.close();
  return usedSize;
}
