/** The application in its single-service form: API and pages on one port, over a real PostgreSQL. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { migrate } from "../../../app/src/db/migrate.ts";
import { migrationsFolder } from "../../../app/src/resources.ts";
import { addUser, password, startApi } from "../../../app/src/testing/api.ts";
import { query, startPostgres } from "../../../app/src/testing/postgres.ts";
import { startUpstream } from "../../../app/src/testing/upstream.ts";
import { signIn, type Target } from "./target.ts";

const run = promisify(execFile);

/** An ordinary account beside the target's administrator; the same password. */
export const plainUser = "ann@test.example";

/** Two models of a scripted runtime, the first with a price; one administrator, one user. */
export async function openSingleService(): Promise<Target> {
  const folder = await mkdtemp(join(tmpdir(), "fidus-single-"));
  const [pg, upstream] = await Promise.all([
    startPostgres(),
    startUpstream(["test-model", "other-model"]),
    run(process.execPath, [join(import.meta.dirname, "../../../app/build.ts"), folder]),
  ]);
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const env = { LLM_PRICES: "test-model=1000/2000" };
  const api = await startApi({ databaseUrl, upstream: upstream.url, env, webRoot: join(folder, "web") });
  const email = "root@test.example";
  await addUser(api.ctx, email);
  await addUser(api.ctx, plainUser);
  await query(databaseUrl, "UPDATE users SET role = 'admin' WHERE email = $1", [email]);
  return {
    ...(await signIn(api.url, email, password)),
    active: async () => api.ctx.lifecycle.openWork,
    close: async () => {
      await api.close();
      await upstream.close();
      await pg.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
