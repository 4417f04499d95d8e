import type { RecordedPreview } from "./engine.ts";
import type { Changes } from "./engine-events.ts";
import { CliError } from "./errors.ts";

interface PreviewDocument {
  readonly changeSummary?: Changes;
  readonly diagnostics?: readonly { readonly severity: string; readonly message: string }[];
}

/** What a preview would do, by operation. Throws exit 1 with the engine's reasons where it refuses the plan. */
export function plannedChanges({ text, exitCode }: RecordedPreview): Changes {
  const { changeSummary = {}, diagnostics = [] } = JSON.parse(text) as PreviewDocument;
  if (exitCode === 0) return changeSummary;
  const said = (wanted: string): string[] =>
    diagnostics.flatMap(({ severity, message }) => (severity === wanted ? [message.trim()] : []));
  const reasons = said("error").length > 0 ? said("error") : said("info#err");
  throw new CliError(`the engine refuses the plan\n${reasons.join("\n").replaceAll(/^/gm, "  ")}`, { code: "engine-failed" });
}
