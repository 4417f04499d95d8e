/**
 * Finds the first server type of a list that Hetzner can really deliver, and prints its name. Run by @pulumi/command once, when
 * a server is about to be made (docs/decisions/0015): the API's own statement of stock is wrong both ways, so the only question that
 * counts is a create. Standard input: the API token. A program of its own: it may import nothing but Node.
 */

/** What to find. */
export interface Question {
  /** Name of the server that is about to be made. */
  readonly server: string;
  readonly types: readonly string[];
  /** Configuration key that can hold another list. */
  readonly typesKey: string;
  readonly location: string;
  readonly image: string;
  /** Id of a registered SSH key: without one Hetzner would mail a password. */
  readonly sshKey: string;
  /** Types of the list that were sold out a moment ago when the server itself was to be made; they are not tried. @default none */
  readonly soldOut?: readonly string[];
}

/** One call of Hetzner's API: its answer, or the error in its words. */
export type Call = (method: "GET" | "POST" | "DELETE", path: string, body?: object) => Promise<Answer>;

interface Answer {
  readonly servers?: readonly { readonly id: number; readonly server_type: { readonly name: string } }[];
  readonly server?: { readonly id: number };
  readonly action?: { readonly id: number; readonly status: "running" | "success" | "error" };
  readonly error?: { readonly code: string; readonly message: string };
}

/** The label of the servers that are made only to ask. */
const probeLabel = "fidus.probe";
const pollInterval = 1_000;

/** The type of the server if it exists already, else the first type of which one could be made. Throws when there is none. */
export async function firstTypeInStock(question: Question, call: Call): Promise<string> {
  const { server, types, typesKey, location, soldOut = [] } = question;
  const [existing] = must(await call("GET", `/servers?name=${server}`)).servers ?? [];
  if (existing) return existing.server_type.name;
  await removeLeftovers(server, call);
  for (const type of types.filter((each) => !soldOut.includes(each))) if (await canBeMade(type, question, call)) return type;
  throw new Error(
    `${typesKey}: got ${types.join(",")}; needs one that Hetzner has in ${location} now. ` +
      `Try later, or add types: pulumi config set ${typesKey} cx53,cpx62,ccx33`,
  );
}

/** Makes a server that never starts and deletes it: its place is free again, and is the place of the real one. */
async function canBeMade(type: string, { server, location, image, sshKey }: Question, call: Call): Promise<boolean> {
  const made = await call("POST", "/servers", {
    name: `${server.slice(0, 57)}-probe`,
    server_type: type,
    location,
    image,
    ssh_keys: [Number(sshKey)],
    start_after_create: false,
    public_net: { enable_ipv4: false, enable_ipv6: true },
    labels: { [probeLabel]: server },
  });
  if (made.error?.code === "resource_unavailable") return false;
  must(made);
  await finish(made, call);
  await remove(made.server?.id, call);
  return true;
}

/** Servers of an earlier question that was cut short. */
async function removeLeftovers(server: string, call: Call): Promise<void> {
  const { servers = [] } = must(await call("GET", `/servers?label_selector=${probeLabel}==${server}`));
  for (const { id } of servers) await remove(id, call);
}

async function remove(id: number | undefined, call: Call): Promise<void> {
  await finish(must(await call("DELETE", `/servers/${id}`)), call);
}

/** Waits until the action is over. */
async function finish({ action }: Answer, call: Call): Promise<void> {
  for (let now = action; now?.status === "running"; now = must(await call("GET", `/actions/${now.id}`)).action)
    await new Promise((resolve) => setTimeout(resolve, pollInterval));
}

function must(answer: Answer): Answer {
  if (answer.error) throw new Error(`Hetzner says ${answer.error.code}: ${answer.error.message}`);
  return answer;
}

/** The API over HTTP. */
export function hetznerApi(endpoint: string, token: string): Call {
  return async (method, path, body) => {
    const response = await fetch(`${endpoint}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as Answer;
  };
}

// Given to node as text it has no file name; a test that imports it has.
if (process.argv[1] === undefined) {
  let token = "";
  for await (const chunk of process.stdin) token += String(chunk);
  const {
    HCLOUD_ENDPOINT: endpoint = "https://api.hetzner.cloud/v1",
    FIDUS_QUESTION = "{}",
    FIDUS_SOLD_OUT = "{}",
  } = process.env;
  const question = JSON.parse(FIDUS_QUESTION) as Question;
  // Set by `./fidus up` when it goes on after a create that was refused.
  const soldOut = (JSON.parse(FIDUS_SOLD_OUT) as Record<string, readonly string[]>)[question.server] ?? [];
  const call = hetznerApi(endpoint, token.trim());
  try {
    process.stdout.write(await firstTypeInStock({ ...question, soldOut }, call));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
