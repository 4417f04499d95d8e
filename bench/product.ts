import { execa } from "execa";
import { checkout, newProduct } from "../tests/docker/product.ts";
import { timed, writeSection, type Figure } from "./report.ts";

/** Times with all caches warm: `./fidus up` from nothing, unchanged and from `down`, a plain preview; and the images' sizes. */
const product = await newProduct();
try {
  const first = await timed(() => product.up());
  const unchanged: number[] = [];
  const environments: number[] = [];
  const previews: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    unchanged.push((await timed(() => product.up())).seconds);
    const environment = await timed(() => product.fidus("env", "community", "--json"));
    environments.push(environment.seconds);
    const env = { ...product.env, ...(JSON.parse(environment.result.stdout) as Record<string, string>) };
    const preview = ["preview", "--stack", "community", "--expect-no-changes", "--non-interactive"];
    previews.push((await timed(() => execa("pulumi", preview, { cwd: checkout, env, stdin: "ignore" }))).seconds);
  }
  const downs: number[] = [];
  const fromDown: number[] = [];
  for (let run = 0; run < 3; run += 1) {
    downs.push((await timed(() => product.fidus("down", "community"))).seconds);
    fromDown.push((await timed(() => product.up())).seconds);
  }
  writeSection("Up, warm caches", "node bench/product.ts", [
    { name: "no containers or volumes, to the answered question", values: [first.seconds], unit: "s", goal: "≤ 60 s" },
    { name: "unchanged, question included", values: unchanged, unit: "s", goal: "≤ 10 s" },
    { name: "unchanged plain `pulumi preview`", values: previews, unit: "s", goal: "≤ 3 s" },
    { name: "`./fidus env`, once per shell", values: environments, unit: "s" },
    { name: "`./fidus down`", values: downs, unit: "s" },
    { name: "from `down` (volumes kept), to the answered question", values: fromDown, unit: "s" },
  ]);
  const { images } = JSON.parse((await product.fidus("images", "--json")).stdout) as ImagesJson;
  const sizes = images
    .filter(({ current }) => current)
    .map(({ name, size, budget }): Figure => {
      const goal = budget === null ? {} : { goal: `≤ ${budget} MB` };
      return { name, values: [size / 1e6], unit: "MB", ...goal };
    });
  writeSection("Images, unpacked", "node bench/product.ts", sizes, [
    "Those of the checkout that the engine held; parents included.",
  ]);
} finally {
  await product.remove();
}

interface ImagesJson {
  readonly images: readonly {
    readonly name: string;
    readonly size: number;
    readonly budget: number | null;
    readonly current: boolean;
  }[];
}
