import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, extname, join, resolve } from "node:path";
import { build, type BuildOptions, type Metafile } from "esbuild";

/**
 * Builds what the image runs into one folder: main.js, redaction-worker.js, migrations/, web/.
 * Usage: node app/build.ts OUTDIR   (from anywhere; needs the workspace's dependencies)
 */
const [outArgument] = process.argv.slice(2);
if (outArgument === undefined) {
  process.stderr.write("OUTDIR: got nothing; needs a folder to build into. node app/build.ts dist/app\n");
  process.exit(2);
}
const app = import.meta.dirname;
const out = resolve(outArgument);

/** The chat, the administration and the API documentation: each a bundle of its own, so that nobody loads another's script. */
const pages = ["index.html", "admin.html", "docs.html"] as const;

const common = {
  bundle: true,
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  sourcemap: false,
} satisfies BuildOptions;

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([
  buildServer(),
  ...pages.map(buildPage),
  cp(join(app, "migrations"), join(out, "migrations"), { recursive: true }),
]);

/** Bundled: unbundled modules alone cost most of a second at start. Split: a role does not hold the text of what others run. */
async function buildServer(): Promise<void> {
  await build({
    ...common,
    entryPoints: { main: join(app, "src/main.ts"), "redaction-worker": join(app, "src/redaction/worker.ts") },
    outdir: out,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node24",
    external: ["node-llama-cpp", "pg-native"],
    // Only node-pg-migrate's loader for .ts and .js migrations wants it; ours are SQL.
    alias: { jiti: join(app, "src/db/no-jiti.ts") },
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);',
    },
  });
  // Says that main.js is ESM, whatever lies above the folder.
  await writeFile(join(out, "package.json"), `${JSON.stringify({ name: "fidus-app", private: true, type: "module" })}\n`);
}

/** A page: every local file that it names goes to /static under a name with its hash. */
async function buildPage(name: (typeof pages)[number]): Promise<void> {
  const web = join(app, "web");
  const page = await readFile(join(web, name), "utf8");
  const names = [...page.matchAll(/(?:src|href)="(?!https?:|data:|\/|#)([^"]+)"/g)].map(([, file = ""]) => file);
  const missing = names.filter((file) => !existsSync(join(web, file)));
  if (missing.length > 0) throw new Error(`app/web/${name}: got ${missing.join(", ")}; needs files that exist.`);
  const { metafile } = await build({
    ...common,
    entryPoints: names.map((file) => join(web, file)),
    outdir: join(out, "web/static"),
    outbase: web,
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    chunkNames: "chunk-[hash]",
    publicPath: "/static",
    platform: "browser",
    format: "esm",
    target: "es2022",
    splitting: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".svg": "copy", ".png": "copy", ".woff2": "copy", ".webmanifest": "copy", ".ico": "copy" },
    metafile: true,
  });
  const built = builtNames(metafile, web);
  const linked = page.replace(/(src|href)="([^"]+)"/g, (whole, attribute: string, source: string) => {
    const file = built.get(source);
    return file === undefined ? whole : `${attribute}="/static/${file}"`;
  });
  await writeFile(join(out, "web", name), linked);
}

/** From the name in the page to the file it became. */
function builtNames(metafile: Metafile, web: string): Map<string, string> {
  const pairs = Object.entries(metafile.outputs).map(([file, { entryPoint, inputs }]) => {
    const source = entryPoint ?? (extname(file) === ".js" ? undefined : Object.keys(inputs)[0]);
    return source === undefined ? undefined : ([resolve(source).slice(web.length + 1), basename(file)] as const);
  });
  return new Map(pairs.filter((pair) => pair !== undefined));
}
