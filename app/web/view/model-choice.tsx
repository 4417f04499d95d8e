import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { cloud, models } from "../state/models.ts";
import { runtime } from "../state/runtime.ts";
import type { Thread } from "../state/thread.ts";
import { CloudDialog } from "./cloud-dialog.tsx";

/** The model that answers: its name where there is one, a choice where there are more. */
export function ModelChoice({ thread }: { thread: Thread }): JSX.Element | null {
  const [asked, setAsked] = useState<string | null>(null);
  const all = models.value?.models ?? [];
  if (all.length < 2) return <ModelName />;
  const usual = models.value?.default ?? all[0]?.id ?? "";
  const chosen = thread.model.value ?? usual;
  const groups = [
    { label: "In this house", list: all.filter((model) => !model.cloud) },
    { label: "In the cloud: what you ask leaves the house", list: all.filter((model) => model.cloud) },
  ];
  const gone = !all.some(({ id }) => id === chosen);
  const choose = (select: HTMLSelectElement): void => {
    const id = select.value;
    const isCloud = all.some((model) => model.id === id && model.cloud);
    if (isCloud && cloud.value?.allowed !== true) {
      select.value = chosen; // nothing is chosen before it is allowed
      setAsked(id);
    } else thread.choose(id === usual ? null : id);
  };
  return (
    <>
      <span class="model-choice">
        <Dot />
        <select aria-label="Model" value={chosen} onChange={(event) => choose(event.currentTarget)}>
          {gone && <option value={chosen}>{chosen} (gone)</option>}
          {groups.map(
            ({ label, list }) =>
              list.length > 0 && (
                <optgroup key={label} label={label}>
                  {list.map(({ id }) => (
                    <option key={id} value={id}>
                      {id}
                    </option>
                  ))}
                </optgroup>
              ),
          )}
        </select>
      </span>
      {asked !== null && (
        <CloudDialog model={asked} allowed={() => thread.choose(asked === usual ? null : asked)} close={() => setAsked(null)} />
      )}
    </>
  );
}

function Dot(): JSX.Element {
  return <span class={runtime.value?.reachable === true ? "dot on" : "dot"} aria-hidden="true" />;
}

function ModelName(): JSX.Element | null {
  const status = runtime.value;
  if (!status) return null;
  const speed = status.tokensPerSecond;
  return (
    <p class="model" title={`Runtime: ${status.runtime}`}>
      <Dot />
      <span class="sr-only">Model: </span>
      <span class="model-name">{status.model ?? "No model"}</span>
      {speed !== null && <span class="model-speed">{speed >= 10 ? Math.round(speed) : speed.toFixed(1)} tokens/s</span>}
    </p>
  );
}
