// Node loads this before the Pulumi SDK (Pulumi.yaml, nodeargs), whichever language host starts it: docs/decisions/0025.
// Plain JS, so that what strips types is not loaded for it.
import { createRequire, enableCompileCache } from "node:module";
import { dirname, join } from "node:path";

// Where the toolchain's launcher has not said where: under the vendor's language host.
enableCompileCache(join(import.meta.dirname, "../node_modules/.cache/node-compile-cache"));

const fromProgram = createRequire(import.meta.url);
const fromSdk = createRequire(fromProgram.resolve("@pulumi/pulumi"));
/** Files of the modules that a stand-in is in the place of. */
const standIns = new Set();

// A serialised function needs the compiler, and arborist to find its packages; the automation API is for programs that run the engine.
for (const name of ["typescript", "@npmcli/arborist", "@pulumi/pulumi/automation"]) whenRead(name);

// Traces need these, of which the SDK takes functions and classes while it loads.
for (const name of [
  "exporter-zipkin",
  "instrumentation",
  "instrumentation-grpc",
  "resources",
  "sdk-trace-base",
  "sdk-trace-node",
])
  whenCalled(`@opentelemetry/${name}`);

// Maps each frame of each resource's position through the SDK's source maps. Our sources run as they are and have none.
standIn("source-map-support/register", () => ({}));

/** A module that loads when something in it is read. */
function whenRead(name) {
  standIn(name, (load) => new Proxy({}, { get: (_, key) => (key === "__esModule" ? true : load()[key]) }));
}

/** A module whose functions and classes load it when one of them is called. */
function whenCalled(name) {
  const late = (load, key) =>
    function (...args) {
      return new.target ? Reflect.construct(load()[key], args) : load()[key](...args);
    };
  standIn(name, (load) => new Proxy({}, { get: (_, key) => late(load, key) }));
}

/** Puts what `make` makes into Node's cache of modules; its `load` loads the real module. Nothing where the SDK has none such. */
function standIn(name, make) {
  const file = resolved(name);
  if (file === null) return;
  const load = () => {
    removeStandIns();
    return fromSdk(file);
  };
  fromSdk.cache[file] = {
    id: file,
    filename: file,
    path: dirname(file),
    paths: [],
    children: [],
    loaded: true,
    exports: make(load),
  };
  standIns.add(file);
}

/** All at once: the real modules build on each other, where a stand-in would not do. Who has a stand-in keeps it. */
function removeStandIns() {
  for (const file of standIns) delete fromSdk.cache[file];
  standIns.clear();
}

function resolved(name) {
  try {
    return fromSdk.resolve(name);
  } catch {
    return null;
  }
}
