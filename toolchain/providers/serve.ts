import grpc from "@grpc/grpc-js";
import engineServices from "@pulumi/pulumi/proto/engine_grpc_pb.js";
import engineProto from "@pulumi/pulumi/proto/engine_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import type * as plugin from "@pulumi/pulumi/proto/plugin_pb.js";
import providerServices from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import type * as provider from "@pulumi/pulumi/proto/provider_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import { engineAddress, PluginError, servePlugin, unary } from "./grpc-server.ts";
import type { DiffResult, Log, Resource, StepCall } from "./resource.ts";
import { sameValue, type WireMap } from "./values.ts";

/** A provider plugin: its package name, version and resource types by token. */
export interface ProviderSpec {
  /** Package name as in tokens, e.g. "random". */
  readonly name: string;
  /** Version of the SDK package that this plugin stands for. */
  readonly version: string;
  readonly resources: Readonly<Record<string, Resource>>;
  /** Functions by token; absent = none. */
  readonly functions?: Readonly<Record<string, (args: WireMap, context: { log: Log; signal: AbortSignal }) => Promise<WireMap>>>;
  /** Takes the provider's own settings before the first step. @default none needed */
  readonly configure?: (settings: WireMap, log: Log) => void;
  /** Runs once when the engine cancels or is gone. */
  readonly cancel?: () => void | Promise<void>;
}

const { DiffChanges } = providerProto.DiffResponse;
const { Kind } = providerProto.PropertyDiff;
const kinds = {
  add: [Kind.ADD, Kind.ADD_REPLACE],
  update: [Kind.UPDATE, Kind.UPDATE_REPLACE],
  delete: [Kind.DELETE, Kind.DELETE_REPLACE],
} as const;
const severities = {
  debug: engineProto.LogSeverity.DEBUG,
  info: engineProto.LogSeverity.INFO,
  warning: engineProto.LogSeverity.WARNING,
  error: engineProto.LogSeverity.ERROR,
} as const;

/** The service for one provider. `connect` gives the function that writes to the engine's log. */
export function providerService(
  spec: ProviderSpec,
  connect: (address: string) => EngineLog,
  fallbackEngine: string,
): { service: grpc.UntypedServiceImplementation; cancel: () => Promise<void> } {
  let engine = connect(fallbackEngine);
  const cancelled = new AbortController();
  const cancel = async (): Promise<void> => {
    cancelled.abort();
    await spec.cancel?.();
  };

  const resource = (type: string): Resource => {
    const found = spec.resources[type];
    if (found) return found;
    throw new PluginError(
      `${type}: got an unknown type; needs one of ${Object.keys(spec.resources).join(", ")}. Fix the program`,
    );
  };
  const step = (urn: string, id: string, timeout: number, wire: WireMap, state: WireMap): StepCall => ({
    urn,
    id,
    name: nameOf(urn),
    wire,
    state,
    log: (severity, message, options) => engine(severity, message, urn, options?.status ?? false),
    signal: timeout > 0 ? AbortSignal.any([cancelled.signal, AbortSignal.timeout(timeout * 1000)]) : cancelled.signal,
  });

  const service = {
    handshake: unary((request: provider.ProviderHandshakeRequest) => {
      if (request.getEngineAddress() !== "") engine = connect(request.getEngineAddress());
      return new providerProto.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(true).setAcceptOutputs(true);
    }),
    attach: unary((request: plugin.PluginAttach) => {
      engine = connect(request.getAddress());
      return new emptyProto.Empty();
    }),
    getPluginInfo: unary(() => new pluginProto.PluginInfo().setVersion(spec.version)),
    getSchema: unary(() => new providerProto.GetSchemaResponse().setSchema(JSON.stringify(packageSchema(spec)))),
    checkConfig: unary((request: provider.CheckRequest) => new providerProto.CheckResponse().setInputs(request.getNews())),
    diffConfig: unary((request: provider.DiffRequest) => {
      const same = sameValue(wireOf(request.getOldInputs() ?? request.getOlds()), wireOf(request.getNews()));
      return new providerProto.DiffResponse().setChanges(same ? DiffChanges.DIFF_NONE : DiffChanges.DIFF_SOME);
    }),
    configure: unary((request: provider.ConfigureRequest) => {
      spec.configure?.(wireOf(request.getArgs()), (severity, message) => engine(severity, message, "", false));
      return new providerProto.ConfigureResponse()
        .setAcceptsecrets(true)
        .setSupportspreview(true)
        .setAcceptresources(true)
        .setAcceptoutputs(true);
    }),
    invoke: unary(async (request: provider.InvokeRequest) => {
      const run = spec.functions?.[request.getTok()];
      if (!run)
        throw new PluginError(
          `${request.getTok()}: got an unknown function; this plugin has none of that name`,
          grpc.status.UNIMPLEMENTED,
        );
      const log: Log = (severity, message, options) => engine(severity, message, "", options?.status ?? false);
      const result = await run(wireOf(request.getArgs()), { log, signal: cancelled.signal });
      return new providerProto.InvokeResponse().setReturn(structOf(result));
    }),
    check: unary((request: provider.CheckRequest) => {
      const { inputs, failures } = resource(typeOf(request.getUrn())).check(wireOf(request.getNews()));
      return new providerProto.CheckResponse().setInputs(structOf(inputs)).setFailuresList(
        // The engine prints the value of a named property in clear, secrets included: the path goes into the text.
        failures.map(({ property, reason }) => new providerProto.CheckFailure().setReason(`${property}: ${reason}`)),
      );
    }),
    diff: unary((request: provider.DiffRequest) => {
      const olds = wireOf(request.getOlds());
      const oldInputs = request.hasOldInputs() ? wireOf(request.getOldInputs()) : olds;
      const result = resource(typeOf(request.getUrn())).diff(oldInputs, wireOf(request.getNews()), olds);
      for (const line of result.warnings ?? []) engine("warning", line, request.getUrn(), false);
      return diffResponse(result);
    }),
    create: unary(async (request: provider.CreateRequest) => {
      const type = resource(typeOf(request.getUrn()));
      const wire = wireOf(request.getProperties());
      if (request.getPreview()) return new providerProto.CreateResponse().setProperties(structOf(type.previewCreate(wire)));
      const { id, state } = await type.create(step(request.getUrn(), "", request.getTimeout(), wire, {}));
      return new providerProto.CreateResponse().setId(id).setProperties(structOf(state));
    }),
    read: unary((request: provider.ReadRequest) => {
      const [state, inputs] = [wireOf(request.getProperties()), wireOf(request.getInputs())];
      const type = resource(typeOf(request.getUrn()));
      const recorded = Object.keys(state).length > 0 || Object.keys(inputs).length > 0;
      const found = recorded ? type.read({ id: request.getId(), inputs, state }) : type.import(request.getId());
      const response = new providerProto.ReadResponse();
      // An answer without an id says that the resource is gone.
      if (found === null) return response;
      return response.setId(found.id).setProperties(structOf(found.state)).setInputs(structOf(found.inputs));
    }),
    update: unary(async (request: provider.UpdateRequest) => {
      const type = resource(typeOf(request.getUrn()));
      const wire = wireOf(request.getNews());
      const olds = wireOf(request.getOlds());
      const state = request.getPreview()
        ? type.previewUpdate(wire, olds)
        : await type.update(step(request.getUrn(), request.getId(), request.getTimeout(), wire, olds));
      return new providerProto.UpdateResponse().setProperties(structOf(state));
    }),
    delete: unary(async (request: provider.DeleteRequest) => {
      const type = resource(typeOf(request.getUrn()));
      const state = wireOf(request.getProperties());
      const inputs = request.hasOldInputs() ? wireOf(request.getOldInputs()) : pick(state, type.inputNames);
      await type.delete(step(request.getUrn(), request.getId(), request.getTimeout(), inputs, state));
      return new emptyProto.Empty();
    }),
    cancel: unary(async () => {
      await cancel();
      return new emptyProto.Empty();
    }),
  };
  return { service, cancel };
}

/** Writes one line to the engine's log; `urn` may be empty; a status line is shown but not kept. */
export type EngineLog = (severity: keyof typeof severities, message: string, urn: string, status: boolean) => void;

function connectEngine(address: string): EngineLog {
  if (address === "") return () => undefined;
  const client = new engineServices.EngineClient(address, grpc.credentials.createInsecure());
  let sent: Promise<void> = Promise.resolve();
  return (severity, message, urn, status) => {
    const request = new engineProto.LogRequest()
      .setSeverity(severities[severity])
      .setMessage(message)
      .setUrn(urn)
      .setEphemeral(status);
    // One at a time: parallel calls may arrive in another order. A lost line must not fail the step.
    sent = sent.then(() => new Promise((resolve) => client.log(request, () => resolve())));
  };
}

/** Serves the provider until the engine ends it. Started as `pulumi-resource-NAME <engine address>`. */
export async function serveProvider(spec: ProviderSpec): Promise<void> {
  const engine = engineAddress(process.argv.slice(2)) ?? "";
  const { service, cancel } = providerService(spec, connectEngine, engine);
  await servePlugin(providerServices.ResourceProviderService, service, cancel);
}

function diffResponse({ changed, deleteFirst = false }: DiffResult): provider.DiffResponse {
  const response = new providerProto.DiffResponse()
    .setChanges(changed.length > 0 ? DiffChanges.DIFF_SOME : DiffChanges.DIFF_NONE)
    .setDiffsList(changed.map(({ key }) => key))
    .setReplacesList(changed.filter(({ replace }) => replace).map(({ key }) => key))
    .setDeletebeforereplace(deleteFirst)
    .setHasdetaileddiff(true);
  for (const { key, kind, replace, output = false } of changed) {
    response
      .getDetaileddiffMap()
      .set(key, new providerProto.PropertyDiff().setKind(kinds[kind][replace ? 1 : 0]).setInputdiff(!output));
  }
  return response;
}

/** Enough of a package schema to name the types, their properties and which are secret or required. */
function packageSchema(spec: ProviderSpec): object {
  const any = { $ref: "pulumi.json#/Any" };
  const resources = Object.entries(spec.resources).map(([token, type]) => {
    const inputs = Object.fromEntries(type.inputNames.map((name) => [name, any]));
    const outputs = Object.entries(type.outputs).map(([name, output]) => [
      name,
      { ...any, ...(output.secret ? { secret: true } : {}) },
    ]);
    return [
      token,
      { inputProperties: inputs, requiredInputs: type.requiredInputs, properties: { ...inputs, ...Object.fromEntries(outputs) } },
    ];
  });
  return { name: spec.name, version: spec.version, resources: Object.fromEntries(resources) };
}

function wireOf(struct: Struct | undefined): WireMap {
  return (struct?.toJavaScript() ?? {}) as WireMap;
}

function structOf(map: WireMap): Struct {
  return structProto.Struct.fromJavaScript(map);
}

function pick(map: WireMap, keys: readonly string[]): WireMap {
  return Object.fromEntries(Object.entries(map).filter(([key]) => keys.includes(key)));
}

/** `urn:pulumi:stack::project::parent$type::name` → the type of the resource itself. */
function typeOf(urn: string): string {
  const qualified = urn.split("::")[2] ?? "";
  return qualified.slice(qualified.lastIndexOf("$") + 1);
}

function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::");
}
