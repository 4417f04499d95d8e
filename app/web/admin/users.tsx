import { useState } from "preact/hooks";
import type { JSX } from "preact";
import { CopyButton } from "../view/copy-button.tsx";
import { Confirm, type Question } from "./confirm.tsx";
import { count, Problem, Table, useData, when, type Data } from "./data.tsx";
import { admin, roles, type Account, type NewPassword, type Role } from "./net.ts";

/** Accounts: made, disabled, given another role or password, signed out. */
export function Users(): JSX.Element {
  const data = useData(admin.users);
  const [shown, setShown] = useState<NewPassword | null>(null);
  const [question, setQuestion] = useState<Question | null>(null);
  const users = data.value ?? [];
  const active = users.filter(({ disabledAt }) => disabledAt === null);
  const reset = (user: Account): void =>
    setQuestion({
      title: `Give ${user.email} a new password?`,
      text: "The old password holds no longer, and all sign-ins of this person end. The new one is shown once.",
      yes: "Give a new password",
      work: () =>
        data.change(async () => setShown(await admin.resetPassword(user.id)), `${user.email} has a new password, shown above.`),
    });
  return (
    <>
      <h2>People</h2>
      <dl class="facts">
        <Fact name="Active accounts" value={count(active.length)} />
        <Fact name="Administrators" value={count(active.filter(({ role }) => role === "admin").length)} />
        <Fact name="Sign-ins that hold" value={count(users.reduce((sum, { sessions }) => sum + sessions, 0))} />
      </dl>
      <Problem text={data.problem} />
      {shown && <Shown once={shown} />}
      <Table
        name="People"
        columns={["E-mail", "Name", "Role", "Tenant", "Since", { number: "Sign-ins" }, ""]}
        none="No accounts yet."
      >
        {users.map((user) => (
          <Row key={user.id} user={user} data={data} reset={() => reset(user)} ask={setQuestion} />
        ))}
      </Table>
      <NewUser data={data} made={setShown} />
      {question && <Confirm question={question} close={() => setQuestion(null)} />}
    </>
  );
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Shown({ once }: { once: NewPassword }): JSX.Element {
  return (
    <div class="notice secret">
      <span>
        Password of <strong>{once.email}</strong>, shown once: <code>{once.password}</code>
      </span>
      <CopyButton text={once.password} label="Copy the password" />
    </div>
  );
}

interface RowProps {
  readonly user: Account;
  readonly data: Data<Account[]>;
  readonly reset: () => void;
  readonly ask: (question: Question) => void;
}

function Row({ user, data, reset, ask }: RowProps): JSX.Element {
  const { id, email, disabledAt } = user;
  const disabled = disabledAt !== null;
  const setDisabled = (): void => {
    const work = (): Promise<boolean> =>
      data.change(
        () => admin.changeUser(id, { disabled: !disabled }),
        disabled ? `${email} is enabled.` : `${email} is disabled.`,
      );
    if (disabled) void work();
    else {
      const text =
        "All sign-ins and keys of this person stop working at once. Conversations stay; you can enable the account again.";
      ask({ title: `Disable ${email}?`, text, yes: "Disable", work });
    }
  };
  const setRole = async (select: HTMLSelectElement): Promise<void> => {
    const role = select.value as Role;
    if (!(await data.change(() => admin.changeUser(id, { role }), `${email} is ${role} now.`))) select.value = user.role;
  };
  return (
    <tr>
      <td class={disabled ? "off" : undefined}>{email}</td>
      <td>{user.name}</td>
      <td>
        <select aria-label={`Role of ${email}`} value={user.role} onChange={(event) => void setRole(event.currentTarget)}>
          {roles.map((role) => (
            <option key={role} value={role}>
              {role}
            </option>
          ))}
        </select>
      </td>
      <td>{user.tenant}</td>
      <td>{when(user.createdAt)}</td>
      <td class="number">{count(user.sessions)}</td>
      <td class="actions">
        <button type="button" aria-label={`${disabled ? "Enable" : "Disable"} ${email}`} onClick={setDisabled}>
          {disabled ? "Enable" : "Disable"}
        </button>
        <button type="button" aria-label={`New password for ${email}`} onClick={reset}>
          New password
        </button>
        <button
          type="button"
          aria-label={`Sign out ${email} everywhere`}
          onClick={() => void data.change(() => admin.endSessions(id), `${email} is signed out everywhere.`)}
        >
          Sign out
        </button>
      </td>
    </tr>
  );
}

function NewUser({ data, made }: { data: Data<Account[]>; made: (once: NewPassword) => void }): JSX.Element {
  const create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const values = new FormData(form);
    const [email, name] = ["email", "name"].map((key) => String(values.get(key) ?? "").trim());
    const body = { email: email ?? "", role: String(values.get("role")) as Role, ...(name ? { name } : {}) };
    const done = await data.change(async () => made(await admin.createUser(body)), `${body.email} has an account.`);
    if (done) form.reset();
  };
  return (
    <>
      <h2>New account</h2>
      <form class="form" onSubmit={(event) => void create(event)}>
        <label>
          E-mail
          <input name="email" type="email" required autocomplete="off" />
        </label>
        <label>
          Name
          <input name="name" maxLength={200} autocomplete="off" />
        </label>
        <label>
          Role
          <select name="role">
            {roles.map((role) => (
              <option key={role} value={role}>
                {role}
              </option>
            ))}
          </select>
        </label>
        <button type="submit" class="primary">
          Make the account
        </button>
      </form>
    </>
  );
}
