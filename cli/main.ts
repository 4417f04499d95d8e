import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { resolvePaths } from "./paths.ts";

// Half of a short command's time would go into compiling what did not change since the last one.
try {
  enableCompileCache(join(resolvePaths(process.env).cache, "compiled"));
} catch {
  // Without a home folder there is no cache; the command itself says so.
}
const { run } = await import("./app.ts");
process.exitCode = await run(process.argv.slice(2));
