import type { JSX } from "preact";
import { count, Problem, Table, usd, useData, type Data } from "./data.tsx";
import { admin, type Health, type ListedModel, type Trial } from "./net.ts";

const read = async (): Promise<{ models: ListedModel[]; usual: string | null; health: Health; trials: Trial[] }> => {
  const [listed, health, trials] = await Promise.all([admin.models(), admin.health(), admin.trials()]);
  return { models: listed.models, usual: listed.default, health, trials };
};
type Loaded = Awaited<ReturnType<typeof read>>;

/** Runtimes and services as they are now, the models they offer, and A/B tests between models. */
export function Models(): JSX.Element {
  const data = useData(read);
  const { models = [], usual = null, health, trials = [] } = data.value ?? {};
  return (
    <>
      <h2>Runtimes</h2>
      <Problem text={data.problem} />
      {health && (
        <dl class="facts">
          {[["Fidus", `${health.status}, version ${health.version}`], ...Object.entries(health.services)].map(([name, state]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{state}</dd>
            </div>
          ))}
          <div>
            <dt>Answers being written</dt>
            <dd>{count(health.openAnswers)}</dd>
          </div>
        </dl>
      )}
      <Table name="Runtimes" columns={["Runtime", "Where", "State", { number: "Requests now" }]} none="No runtimes are set up.">
        {(health?.runtimes ?? []).map((runtime) => (
          <tr key={runtime.name}>
            <td>{runtime.name}</td>
            <td>{runtime.cloud ? "cloud" : "in the house"}</td>
            <td>{!runtime.reachable ? "cannot be reached" : runtime.usable ? "in use" : "paused after failures"}</td>
            <td class="number">{count(runtime.load)}</td>
          </tr>
        ))}
      </Table>
      <p>
        <button type="button" onClick={() => void data.reload()}>
          Look again
        </button>
      </p>
      <h2>Models</h2>
      <Table
        name="Models"
        columns={["Model", "Runtime", "Where", { number: "USD per million in" }, { number: "USD per million out" }]}
        none="No runtime lists a model now."
      >
        {models.map((one) => (
          <tr key={`${one.runtime}/${one.model}`}>
            <td>{one.model === usual ? <strong>{one.model} (usual)</strong> : one.model}</td>
            <td>{one.runtime}</td>
            <td>{one.cloud ? "cloud" : "in the house"}</td>
            <td class="number">{usd(one.inputUsdPerMillion)}</td>
            <td class="number">{usd(one.outputUsdPerMillion)}</td>
          </tr>
        ))}
      </Table>
      <Trials
        data={data}
        trials={trials}
        names={[...new Set([...(usual === null ? [] : [usual]), ...models.map(({ model }) => model)])]}
      />
    </>
  );
}

function Trials({
  data,
  trials,
  names,
}: {
  data: Data<Loaded>;
  trials: readonly Trial[];
  names: readonly string[];
}): JSX.Element {
  const set = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const value = (key: string): string => String(new FormData(form).get(key) ?? "").trim();
    const body = { other: value("other"), percent: Number(value("percent")) };
    if (await data.change(() => admin.setTrial(value("name"), body), "The trial runs.")) form.reset();
  };
  return (
    <>
      <h2>A/B tests</h2>
      <p class="muted">
        A share of the people who ask for one model gets the other; each person the same one. “Usage” by model compares them.
      </p>
      <Table name="A/B tests" columns={["Asked for", "Others get", { number: "Share" }, ""]} none="No A/B test runs.">
        {trials.map(({ name, other, percent }) => (
          <tr key={name}>
            <td>{name}</td>
            <td>{other}</td>
            <td class="number">{percent} %</td>
            <td>
              <button
                type="button"
                aria-label={`End the test of ${name}`}
                onClick={() => void data.change(() => admin.removeTrial(name), "The trial has ended.")}
              >
                End
              </button>
            </td>
          </tr>
        ))}
      </Table>
      <form class="form" onSubmit={(event) => void set(event)}>
        <label>
          Who asks for
          <input name="name" required list="model-names" maxLength={200} autocomplete="off" />
        </label>
        <label>
          gets instead
          <input name="other" required list="model-names" maxLength={200} autocomplete="off" />
        </label>
        <label>
          Share in percent
          <input name="percent" type="number" required min={1} max={100} />
        </label>
        <datalist id="model-names">
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <button type="submit" class="primary">
          Start the test
        </button>
      </form>
    </>
  );
}
