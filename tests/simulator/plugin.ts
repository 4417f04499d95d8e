import { join } from "node:path";
import { isMain, PluginError } from "../../toolchain/providers/grpc-server.ts";
import { serveProvider, type ProviderSpec } from "../../toolchain/providers/serve.ts";
import type { Wire, WireMap } from "../../toolchain/providers/values.ts";
import { checkInputs, plainInputs } from "./check.ts";
import { Cloud } from "./cloud/cloud.ts";
import { FaultBook } from "./cloud/faults.ts";
import { Store } from "./cloud/store.ts";
import { simulatedResource } from "./resource.ts";
import { cloudRules } from "./rules/index.ts";
import awsSchema from "./schema/aws.json" with { type: "json" };
import cloudflareSchema from "./schema/cloudflare.json" with { type: "json" };
import hcloudSchema from "./schema/hcloud.json" with { type: "json" };
import type { Fields, PackageSchema } from "./schema/types.ts";
import { packageNames, type PackageName } from "./schema/wanted.ts";

export const packageSchemas = { hcloud: hcloudSchema, cloudflare: cloudflareSchema, aws: awsSchema } as unknown as Readonly<
  Record<PackageName, PackageSchema>
>;

/** Environment variable that names the folder of the simulated clouds. */
export const folderVariable = "FIDUS_SIMULATED_CLOUD";

/** The simulated cloud of one package in a folder; the same folder is the same cloud. */
export function openCloud(name: PackageName, folder: string): Cloud {
  return new Cloud(packageSchemas[name], cloudRules[name], new Store(join(folder, name)), new FaultBook(folder));
}

/** The provider plugin of a simulated cloud. It says so in the engine's log whenever it is configured. */
export function simulatedProvider(cloud: Cloud): ProviderSpec {
  const { schema, rules } = cloud;
  const types = Object.keys(rules.types);
  const functions = Object.entries(rules.functions).map(([token, answer]) => [
    token,
    async (args: WireMap) => {
      const given = plainInputs(args);
      const { failures } = checkInputs(given, schema.functions[token]?.args ?? { fields: {}, required: [] }, answer.inputs);
      refuse(token, failures);
      cloud.begin({ kind: "invoke", type: token, name: "" }, given);
      const { soldOut = [] } = cloud.faults.faults;
      const result = answer.result(given, { settings: cloud.settings, store: cloud.store, soldOut });
      if (result === undefined) throw new PluginError(`simulated ${token}: there is none (not_found)`);
      return result;
    },
  ]);
  return {
    name: schema.package,
    version: schema.version,
    resources: Object.fromEntries(types.map((type) => [type, simulatedResource(cloud, type)])),
    functions: Object.fromEntries(functions) as NonNullable<ProviderSpec["functions"]>,
    configure(given, log) {
      cloud.settings = decodeSettings(plainInputs(given), schema.config);
      const fields = { ...schema.config, required: rules.requiredSettings };
      refuse(`provider ${schema.package}`, checkInputs(cloud.settings, fields, rules.settings).failures);
      log("info", `simulated ${schema.package}: no real cloud is touched`);
    },
  };
}

/** SDKs send settings that are no texts as JSON; the engine adds its own `version`. */
function decodeSettings({ version: _version, ...given }: WireMap, { fields }: Fields): WireMap {
  const decoded = Object.entries(given).map(([key, value]) => {
    const isText = fields[key] === undefined || fields[key] === "string" || typeof value !== "string";
    return [key, isText ? value : (JSON.parse(value) as Wire)];
  });
  return Object.fromEntries(decoded) as WireMap;
}

function refuse(subject: string, failures: readonly { property: string; reason: string }[]): void {
  if (failures.length === 0) return;
  const lines = failures.map(({ property, reason }) => `${property}: ${reason}`);
  throw new PluginError(`simulated ${subject}: ${lines.join("; ")}`);
}

if (isMain(import.meta.filename)) {
  const name = packageNames.find((known) => process.argv.includes(`--package=${known}`));
  const folder = process.env[folderVariable];
  if (name === undefined || folder === undefined)
    throw new Error(`plugin.ts: got too little; needs --package=${packageNames.join("|")} and ${folderVariable}=FOLDER`);
  await serveProvider(simulatedProvider(openCloud(name, folder)));
}
