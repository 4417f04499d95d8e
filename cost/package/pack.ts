import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import manifest from "../../package.json" with { type: "json" };

/**
 * Packs `cost/` as the npm package fidus-card: `npm run pack:card -- OUTDIR`. One bundled file of JavaScript, since Node strips no types
 * below node_modules, and no dependencies. Prints the tarball's path.
 */
const [out] = process.argv.slice(2);
if (out === undefined) {
  process.stderr.write("OUTDIR: got nothing; needs a folder for the tarball. npm run pack:card -- dist\n");
  process.exit(2);
}
const schemaFile = "fidus.card-1.schema.json";
const notices = "THIRD-PARTY.txt";
const root = join(import.meta.dirname, "../..");
const folder = await mkdtemp(join(tmpdir(), "fidus-card-package-"));
try {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, "main.ts")],
    outfile: join(folder, "fidus-card.js"),
    bundle: true,
    metafile: true,
    platform: "node",
    format: "esm",
    target: "node22",
    legalComments: "eof",
    logLevel: "warning",
    // What the parser of YAML and others of CommonJS ask for by require.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module";const require = __createRequire(import.meta.url);',
    },
  });
  await cp(join(root, "cost/card", schemaFile), join(folder, schemaFile));
  await cp(join(root, "LICENSE"), join(folder, "LICENSE"));
  await writeFile(join(folder, notices), await noticesOf(Object.keys(metafile.inputs)));
  await cp(join(import.meta.dirname, "README.md"), join(folder, "README.md"));
  await writeFile(join(folder, "package.json"), `${JSON.stringify(packageJson(), null, 2)}\n`);
  await mkdir(resolve(out), { recursive: true });
  const { stdout } = await execa("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", resolve(out)], {
    cwd: folder,
  });
  process.stdout.write(`${join(resolve(out), stdout.trim())}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function packageJson(): object {
  return {
    name: "fidus-card",
    version: manifest.version,
    description: "What a Pulumi preview costs a month, interrupts and endangers.",
    license: manifest.license,
    type: "module",
    engines: { node: ">=22" },
    bin: { "fidus-card": "fidus-card.js" },
    files: ["fidus-card.js", schemaFile, notices],
  };
}

/** The licences of the libraries in the bundle, which ask to go with every copy. */
async function noticesOf(inputs: readonly string[]): Promise<string> {
  const packages = new Set(inputs.flatMap((file) => /(?:^|.*\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  const texts = [...packages].sort().map(async (name) => {
    const at = join(root, "node_modules", name);
    const file = (await readdir(at)).find((each) => /^licen[cs]e/i.test(each));
    if (file === undefined) throw new Error(`${name}: got no licence file; needs one to be bundled`);
    return `${name}\n\n${await readFile(join(at, file), "utf8")}`;
  });
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n`);
}
