import { Readable } from "node:stream";
import { parse } from "csv-parse";
import { awsReadings, priceListFiles, type PriceListRow } from "../cost/prices/vendors/aws.ts";
import { hetznerReadings } from "../cost/prices/vendors/hetzner.ts";
import type { Reading } from "../cost/prices/refresh.ts";
import type { PriceDocument } from "../cost/prices/table.ts";
import type { Vendor } from "./commands/prices.ts";
import type { CliContext } from "./context.ts";
import { cannotGoOn, wrongInput } from "./errors.ts";
import type { Step } from "./progress.ts";

type ReadVendor = (ctx: CliContext, document: PriceDocument, today: string, step: Step) => Promise<readonly Reading[]>;

/** Today's prices from a vendor's API. Throws exit 2 without what it needs, exit 1 for a call that fails. */
export const readVendor: Readonly<Record<Vendor, ReadVendor>> = {
  async hetzner({ env, signal }, _document, today) {
    const token = env["HCLOUD_TOKEN"];
    if (token === undefined || token === "") {
      const rule = "a token of a Hetzner project, to read is enough";
      throw wrongInput("Hetzner's price API wants a token", [
        { path: "HCLOUD_TOKEN", got: undefined, rule, fix: "read -rs HCLOUD_TOKEN && export HCLOUD_TOKEN" },
      ]);
    }
    const json = async (url: string): Promise<unknown> =>
      (await fetched(url, signal, { authorization: `Bearer ${token}` })).json().catch(() => null);
    const pricing = await json(`${env["HCLOUD_ENDPOINT"] ?? "https://api.hetzner.cloud/v1"}/pricing`);
    const boxes = await json(`${env["HETZNER_ENDPOINT"] ?? "https://api.hetzner.com/v1"}/storage_box_types`);
    return hetznerReadings(pricing, boxes, today);
  },
  async aws({ env, signal }, { rows }, today, step) {
    const host = env["FIDUS_AWS_PRICES_URL"] ?? "https://pricing.us-east-1.amazonaws.com";
    const known = new Set(rows.map(({ item }) => item));
    const readings: Reading[] = [];
    for (const [index, file] of priceListFiles.entries()) {
      step.update(`${file.offer} ${file.region} (${index + 1} of ${priceListFiles.length})`);
      const answer = await fetched(`${host}/${file.path}`, signal);
      readings.push(...(await awsReadings(file, csvRows(answer), known, today)));
    }
    return readings;
  },
};

/** The rows of a price list file, one after the other: the largest do not fit into memory. */
function csvRows(answer: Response): AsyncIterable<PriceListRow> {
  const parser = parse({ columns: true, from_line: 6, relax_column_count: true });
  const body = Readable.fromWeb(answer.body as import("node:stream/web").ReadableStream);
  return body.on("error", (error) => parser.destroy(error)).pipe(parser);
}

async function fetched(url: string, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const answer = await fetch(url, { headers, signal, redirect: "error" }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw noAnswer(url, error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error));
  });
  if (!answer.ok) throw noAnswer(url, `status ${answer.status}`);
  return answer;
}

function noAnswer(url: string, got: string): Error {
  const fix = "The tables are as they were. Try again later: ./fidus prices check";
  return cannotGoOn("A price API cannot be read", [{ path: url, got, rule: "an answer with status 200", fix }]);
}
