import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { WayClosedError } from "./errors.ts";
import { moveIntoPlace } from "./files.ts";
import { findGo, type Go } from "./go.ts";
import { goInputsDigest, goRecipes, type GoPart } from "./go-recipes.ts";
import { executableName, executableOf } from "./layout.ts";
import { writeMarker, type Marker } from "./marker.ts";
import type { Run } from "./run.ts";

/** Builds a part with Go, from the Go module proxy the machine is set to; minutes when nothing is cached. Throws WayClosedError. */
export async function buildWithGo(run: Run, part: GoPart): Promise<Marker> {
  const startedAt = run.elapsedMs();
  await mkdir(run.layout.staging, { recursive: true });
  const go = await findGo(run);
  run.log(part, "build", `go ${go.version}`);
  const out = join(run.layout.staging, `${executableName(part)}.${process.pid}.partial`);
  await compile(run, part, go, out);
  await moveIntoPlace(out, executableOf(run.layout, part));
  const digest = await goInputsDigest(run, part);
  return writeMarker(run, { part, origin: "built", trust: "built", digest, ms: run.elapsedMs() - startedAt });
}

async function compile(run: Run, part: GoPart, go: Go, out: string): Promise<void> {
  const { module, target, tags, stamp } = goRecipes[part];
  const flags = ["-v", "-mod=readonly", "-buildvcs=false", "-trimpath", "-tags", tags, "-ldflags", `-s -w ${stamp}`, "-o", out];
  const { os, arch } = run.platform;
  const fixed = { ...go.env, CGO_ENABLED: "0", GOWORK: "off", GOOS: os, GOARCH: arch === "x64" ? "amd64" : "arm64" };
  const build = execa(go.bin, ["build", ...flags, target], {
    cwd: join(run.sources, "go", module),
    env: { ...run.env, ...fixed },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    cancelSignal: run.signal,
    buffer: false,
  });
  const complaints = await follow(run, part, build.iterable({ from: "stderr" }));
  const { failed } = await build;
  run.signal.throwIfAborted();
  if (failed) throw new WayClosedError(`go build failed: ${complaints.slice(-8).join(" | ") || "no message"}`);
}

/** Counts what go reports (a module fetched, a package compiled) and returns all other lines. */
async function follow(run: Run, part: GoPart, lines: AsyncIterable<string>): Promise<string[]> {
  const complaints: string[] = [];
  const seen = { modules: 0, packages: 0 };
  let last = 0;
  for await (const line of lines) {
    if (line.startsWith("go: downloading ")) seen.modules += 1;
    else if (/^\S+$/.test(line)) seen.packages += 1;
    else complaints.push(line.trim());
    if (run.elapsedMs() - last < 500) continue;
    last = run.elapsedMs();
    run.log(part, "build", seen.packages > 0 ? `${seen.packages} packages compiled` : `${seen.modules} modules fetched`);
  }
  return complaints;
}
