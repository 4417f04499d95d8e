import { createServer, type ServerResponse } from "node:http";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { listen } from "../lifecycle.ts";
import { beat } from "./stream.ts";

test("heartbeats do not pile up before a reader who stopped reading, and come again when it goes on", async () => {
  let opened: (res: ServerResponse) => void = () => {};
  const response = new Promise<ServerResponse>((resolve) => (opened = resolve));
  const server = createServer((_req, res) => opened(res));
  const reader = connect(await listen(server, 0), "127.0.0.1");
  try {
    reader.pause();
    reader.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    const res = await response;
    while (res.write(Buffer.alloc(1024 * 1024)));
    const waiting = res.writableLength;
    for (let count = 0; count < 20; count += 1) beat(res);
    expect([res.writableLength, res.listenerCount("drain")]).toEqual([waiting, 0]);
    const drained = new Promise((resolve) => res.once("drain", resolve));
    reader.resume();
    await drained;
    let read = "";
    const beaten = new Promise<void>((resolve) =>
      reader.on("data", (bytes) => {
        read = (read + bytes.toString("latin1")).slice(-100);
        if (read.includes(": keep-alive\n\n")) resolve();
      }),
    );
    beat(res);
    await beaten;
  } finally {
    reader.destroy();
    server.close();
    server.closeAllConnections();
  }
});
