/** Runs `ensureToolchain` in a process of its own: options as JSON in argv, events and the report as JSON lines on stdout. */
import { ensureToolchain } from "./ensure.ts";
import type { EnsureOptions } from "./run.ts";

const options = JSON.parse(process.argv[2] ?? "{}") as EnsureOptions;
const report = await ensureToolchain({ ...options, log: (event) => console.log(JSON.stringify({ event })) });
console.log(JSON.stringify({ report }));
