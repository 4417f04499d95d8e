/** Builds the page for the stand-in, in memory: the same bundle that app/build.ts writes to disk. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const web = join(import.meta.dirname, "../../../app/web");

export interface Asset {
  readonly type: string;
  readonly content: Buffer;
}
export interface BuiltPage {
  /** By URL path; "/" is the page. */
  readonly assets: ReadonlyMap<string, Asset>;
}

/** Bundles and minifies app/web; rejects with esbuild's messages. */
export async function buildPage(): Promise<BuiltPage> {
  const script = await bundled("main.ts");
  const style = await bundled("style.css");
  const icon = await readFile(join(web, "icons/fidus.svg"));
  const assets = new Map<string, Asset>();
  let html = await readFile(join(web, "index.html"), "utf8");
  for (const [source, content, type] of [
    ["main.ts", script, "text/javascript; charset=utf-8"],
    ["style.css", style, "text/css; charset=utf-8"],
    ["icons/fidus.svg", icon, "image/svg+xml"],
  ] as const) {
    const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
    const name = source.replace("icons/", "").replace("main.ts", "main.js").replace(".", `-${hash}.`);
    assets.set(`/static/${name}`, { type, content });
    html = html.replace(`"${source}"`, `"/static/${name}"`);
  }
  assets.set("/", { type: "text/html; charset=utf-8", content: Buffer.from(html) });
  return { assets };
}

async function bundled(entry: string): Promise<Buffer> {
  const result = await build({
    entryPoints: [join(web, entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    logLevel: "silent",
  });
  const [file] = result.outputFiles;
  if (!file) throw new Error(`${entry}: got no output; needs one bundle. Check app/web.`);
  return Buffer.from(file.contents);
}
