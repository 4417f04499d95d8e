import { useCallback, useState } from "preact/hooks";
import type { JSX } from "preact";
import { count, Problem, Table, usd, useData } from "./data.tsx";
import { admin, usageGroups, usagePath, type UsageGroup } from "./net.ts";

const titles: Readonly<Record<UsageGroup, string>> = {
  user: "Person",
  model: "Model",
  feature: "Feature",
  tenant: "Tenant",
  day: "Day",
};
const day = (daysAgo: number): string => new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 10);

/** What was used and what it cost, by whatever is chosen; as a file too. */
export function Usage(): JSX.Element {
  const [from, setFrom] = useState(day(29));
  const [to, setTo] = useState(day(0));
  const [by, setBy] = useState<readonly UsageGroup[]>(["user", "model", "feature"]);
  const read = useCallback(() => admin.usage(from, to, by), [from, to, by]);
  const data = useData(read);
  const rows = data.value ?? [];
  const toggle = (group: UsageGroup): void =>
    setBy(usageGroups.filter((one) => (one === group ? !by.includes(one) : by.includes(one))));
  return (
    <>
      <h2>Usage</h2>
      <div class="form">
        <Day name="From" value={from} max={to} onChange={setFrom} />
        <Day name="To" value={to} min={from} onChange={setTo} />
        <fieldset class="choices">
          <legend>By</legend>
          {usageGroups.map((group) => (
            <label key={group}>
              <input type="checkbox" checked={by.includes(group)} onChange={() => toggle(group)} />
              {titles[group]}
            </label>
          ))}
        </fieldset>
        <a class="button" href={`/api/v1/admin${usagePath(from, to, by, "csv")}`} download="usage.csv">
          Download as CSV
        </a>
      </div>
      <Problem text={data.problem} />
      <Table
        name="Usage"
        columns={[
          ...by.map((group) => titles[group]),
          { number: "Calls" },
          { number: "Tokens asked" },
          { number: "Tokens answered" },
          { number: "Estimated calls" },
          { number: "Cost" },
        ]}
        none="Nothing was used in these days."
      >
        {rows.map((row) => (
          <tr key={by.map((group) => row[group]).join("\t")}>
            {by.map((group) => (
              <td key={group}>{row[group] ?? "deleted account"}</td>
            ))}
            <td class="number">{count(row.calls)}</td>
            <td class="number">{count(row.promptTokens)}</td>
            <td class="number">{count(row.completionTokens)}</td>
            <td class="number">{count(row.estimatedCalls)}</td>
            <td class="number">{usd(row.costUsd)}</td>
          </tr>
        ))}
      </Table>
    </>
  );
}

/** A day that cannot be empty: only a whole date counts as a change. */
function Day({
  name,
  onChange,
  ...range
}: {
  name: string;
  value: string;
  min?: string;
  max?: string;
  onChange: (day: string) => void;
}): JSX.Element {
  return (
    <label>
      {name}
      <input type="date" {...range} required onChange={({ currentTarget: { value } }) => value && onChange(value)} />
    </label>
  );
}
