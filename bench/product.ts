import { newProduct } from "../tests/docker/product.ts";
import { timed, writeSection } from "./report.ts";

/** Times of `./fidus up` with all caches warm: from nothing, from `down`, and unchanged; and of an unchanged plain preview. */
const product = await newProduct();
try {
  const first = await timed(() => product.up());
  const unchanged: number[] = [];
  const previews: number[] = [];
  const fromDown: number[] = [];
  for (let run = 0; run < 5; run += 1) {
    unchanged.push((await timed(() => product.up())).seconds);
    previews.push((await timed(() => product.pulumi("preview", "--stack", "community", "--expect-no-changes"))).seconds);
  }
  for (let run = 0; run < 3; run += 1) {
    await product.fidus("down", "community");
    fromDown.push((await timed(() => product.up())).seconds);
  }
  writeSection("Up, warm caches", "node bench/product.ts", [
    { name: "no containers or volumes, to the answered question", values: [first.seconds], unit: "s", goal: "≤ 60 s" },
    { name: "from `down` (volumes kept), to the answered question", values: fromDown, unit: "s" },
    { name: "unchanged, question included", values: unchanged, unit: "s", goal: "≤ 10 s" },
    { name: "unchanged plain `pulumi preview` (with `./fidus env`)", values: previews, unit: "s", goal: "≤ 3 s" },
  ]);
} finally {
  await product.remove();
}
