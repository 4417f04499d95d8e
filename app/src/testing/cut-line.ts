import { connect, createServer, type Socket } from "node:net";
import { listen } from "../lifecycle.ts";

/** A way to a TCP port on loopback that a test can cut and mend. */
export interface CutLine {
  readonly port: number;
  /** Drops every connection and takes no new one. */
  readonly cut: () => void;
  readonly mend: () => void;
  readonly close: () => Promise<void>;
}

export async function startCutLine(to: number): Promise<CutLine> {
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return void near.destroy();
    const far = connect(to, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.pipe(other);
      one.on("error", () => other.destroy());
      one.once("close", () => {
        other.destroy();
        sockets.delete(one);
      });
    }
  });
  const cut = (): void => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: await listen(server, 0, "127.0.0.1"),
    cut,
    mend: () => void (whole = true),
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
