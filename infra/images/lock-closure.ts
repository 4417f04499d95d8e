/** The parts of package-lock.json (version 3) that are read here. */
export interface LockFile {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly version?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * Everything that the entries `roots` (keys of the lock file, "app" or "node_modules/esbuild") install, as sorted lines
 * `path version integrity`: two lock files that differ elsewhere give the same lines. Development dependencies count for
 * the roots only (the page's libraries are bundled from there). A root that the lock file lacks gives the line `path absent`.
 */
export function lockClosure(lock: LockFile, roots: readonly string[]): string[] {
  const lines = new Map<string, string>();
  const queue = roots.map((path) => ({ path, root: true }));
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { path, root } = next;
    if (lines.has(path)) continue;
    const entry = lock.packages[path];
    lines.set(path, entry === undefined ? `${path} absent` : `${path} ${entry.version ?? "-"} ${entry.integrity ?? "-"}`);
    const wanted = { ...entry?.dependencies, ...entry?.optionalDependencies, ...(root ? entry?.devDependencies : {}) };
    for (const name of Object.keys(wanted)) {
      const found = resolvePackage(lock, path, name);
      if (found !== null) queue.push({ path: found, root: false });
    }
  }
  return [...lines.values()].sort();
}

/** Where Node would find `name` from the package at `from`: the nearest node_modules upwards; null when not installed. */
function resolvePackage(lock: LockFile, from: string, name: string): string | null {
  for (let folder = from; ; folder = parentFolder(folder)) {
    const candidate = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[candidate] !== undefined) return candidate;
    if (folder === "") return null;
  }
}

function parentFolder(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut < 0 ? "" : path.slice(0, cut);
}
