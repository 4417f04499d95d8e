import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { Confirm, type Question } from "./confirm.tsx";
import { Problem, Table, usd, useData, when, type Data } from "./data.tsx";
import { admin, budgetKinds, type Account, type Budget, type Budgets as Read } from "./net.ts";

/** Budgets name people by id; the page shows their e-mail. */
const read = async (): Promise<{ budgets: Read; users: Account[] }> => {
  const [budgets, users] = await Promise.all([admin.budgets(), admin.users()]);
  return { budgets, users };
};
type Loaded = Awaited<ReturnType<typeof read>>;

/** What may be spent in 30 days, what is spent, and what is promised. */
export function Budgets(): JSX.Element {
  const data = useData(read);
  const [question, setQuestion] = useState<Question | null>(null);
  const { budgets, users = [] } = data.value ?? {};
  const nameOf = ({ kind, subject }: Budget): string => {
    if (subject === "*") return "everybody without their own";
    return kind === "user" ? (users.find(({ id }) => id === subject)?.email ?? subject) : subject;
  };
  const remove = (budget: Budget): void =>
    setQuestion({
      title: `Remove the budget of ${nameOf(budget)}?`,
      text: "What holds for everybody of this kind holds then; without that, there is no limit. What is spent stays counted.",
      yes: "Remove",
      work: () => data.change(() => admin.removeBudget(budget.kind, budget.subject), "The budget is removed."),
    });
  return (
    <>
      <h2>Budgets of 30 days</h2>
      {budgets && (
        <p class="muted">
          This period ends {when(budgets.periodEndsAt)}. A tenant without a budget of its own has{" "}
          {usd(budgets.usualTenant.capUsd)}.
        </p>
      )}
      <Problem text={data.problem} />
      <Table
        name="Budgets"
        columns={["Kind", "Whose", { number: "Cap" }, { number: "Alert at" }, { number: "Spent" }, { number: "Reserved" }, ""]}
        none="Nothing is spent and no budget is set."
      >
        {(budgets?.budgets ?? []).map((budget) => (
          <tr key={`${budget.kind}/${budget.subject}`}>
            <td>{budget.kind}</td>
            <td>{nameOf(budget)}</td>
            <td class="number">{usd(budget.capUsd)}</td>
            <td class="number">{usd(budget.alertUsd)}</td>
            <td class="number">{usd(budget.spentUsd)}</td>
            <td class="number">{usd(budget.reservedUsd)}</td>
            <td>
              {budget.capUsd !== null && (
                <button type="button" aria-label={`Remove the budget of ${nameOf(budget)}`} onClick={() => remove(budget)}>
                  Remove
                </button>
              )}
            </td>
          </tr>
        ))}
      </Table>
      <SetBudget data={data} users={users} />
      {question && <Confirm question={question} close={() => setQuestion(null)} />}
    </>
  );
}

function SetBudget({ data, users }: { data: Data<Loaded>; users: readonly Account[] }): JSX.Element {
  const [kind, setKind] = useState<string>("user");
  const set = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const value = (key: string): string => String(new FormData(form).get(key) ?? "").trim();
    const body = { capUsd: value("cap"), alertUsd: value("alert") || null };
    if (await data.change(() => admin.setBudget(kind, value("subject"), body), "The budget is set.")) form.reset();
  };
  return (
    <>
      <h2>Set a budget</h2>
      <form class="form" onSubmit={(event) => void set(event)}>
        <label>
          Kind
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
            {budgetKinds.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label>
          Whose
          {kind === "user" ? (
            <select name="subject">
              <option value="*">everybody without their own</option>
              {users.map(({ id, email }) => (
                <option key={id} value={id}>
                  {email}
                </option>
              ))}
            </select>
          ) : (
            <input name="subject" required maxLength={200} placeholder="name, or * for all" autocomplete="off" />
          )}
        </label>
        <label>
          Cap in USD
          <input name="cap" required inputMode="decimal" pattern="\d{1,6}(\.\d{1,9})?" autocomplete="off" />
        </label>
        <label>
          Alert at, in USD
          <input name="alert" inputMode="decimal" pattern="\d{1,6}(\.\d{1,9})?" autocomplete="off" />
        </label>
        <button type="submit" class="primary">
          Set the budget
        </button>
      </form>
    </>
  );
}
