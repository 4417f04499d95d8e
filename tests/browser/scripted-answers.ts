/** What the stand-in answers: chosen by a word in the question, so that a test says in its own text what it needs. */

export interface Script {
  /** The answer in pieces, as the model's tokens would come. */
  readonly pieces: readonly string[];
  /** Pause between two pieces, in milliseconds. */
  readonly pauseMs: number;
  /** How it ends: a whole answer, an error event, or a whole answer whose connection breaks in the middle. */
  readonly end: "done" | "error" | "cut";
}

const tokens = (text: string): string[] => text.match(/\s*\S+/g) ?? [];

const backup = `A **copy** is one more file beside the first one. A **backup** is a copy you can rely on when the first one is gone.

| | Copy | Backup |
|---|---|---|
| Where | often the same disk | another place |
| Older versions | no | yes |

1. Keep it on **another device**, better in another building.
2. Keep **several days**, so that a mistake of yesterday can be undone.
3. **Restore** one file every month: a backup nobody has restored is a hope.

\`\`\`bash
tar --create --zstd --file /mnt/backup/documents.tar.zst ~/documents
\`\`\`
`;

const short = "Certainly. Shall we move it to **Thursday at ten**? I will bring the figures for the second quarter.";

const story = Array.from({ length: 1_200 }, (_, line) => `Line ${line + 1} of a long story.`).join("\n\n");

export const hostile = `Hostile text starts.

<script>globalThis.pwned = "script";</script>
<img src="https://tracker.invalid/pixel.png" onerror="globalThis.pwned = 'onerror'">
<svg onload="globalThis.pwned = 'svg'"><style>body { display: none }</style></svg>
<iframe src="https://frame.invalid/" srcdoc="<script>parent.pwned = 'frame'</script>"></iframe>
<form action="https://form.invalid/"><input name="password"><button>Sign in</button></form>
<base href="https://base.invalid/"><meta http-equiv="refresh" content="0;url=https://meta.invalid/">
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=pwned='mxss'&gt;">

![remote picture](https://tracker.invalid/markdown.png "title")
![inline picture](data:image/svg+xml,<svg/onload=pwned=1>)
[![nested](https://tracker.invalid/nested.png)](javascript:pwned='nested')

[script link](javascript:globalThis.pwned='link')
[coded link](&#106;avascript:globalThis.pwned='coded')
[data link](data:text/html,<script>pwned=1</script>)
[vbscript link](vbscript:msgbox(1))
[relative link](/api/v1/auth/logout)
[protocol link](//evil.invalid/)
[file link](file:///etc/passwd)
<javascript:globalThis.pwned='auto'>
[good link](https://example.org/page)
[mail link](mailto:somebody@example.org)

\`\`\`"><img/src/onerror=pwned=1>
<script>globalThis.pwned = "fence";</script>
\`\`\`

| <img src=x onerror=pwned=1> | b |
|---|---|
| <b onmouseover="pwned=1">x</b> | [x](javascript:pwned=1) |

Hostile text ends.
`;

/** The script for a question. */
export function scriptFor(question: string): Script {
  if (/hostile/i.test(question)) return { pieces: hostile.match(/[^]{1,37}/g) ?? [], pauseMs: 2, end: "done" };
  if (/long story/i.test(question)) return { pieces: tokens(story), pauseMs: 20, end: "done" };
  if (/break in the middle/i.test(question)) return { pieces: tokens(short).slice(0, 6), pauseMs: 20, end: "error" };
  if (/lose the connection/i.test(question)) return { pieces: tokens(short), pauseMs: 40, end: "cut" };
  if (/backup/i.test(question)) return { pieces: tokens(backup), pauseMs: 12, end: "done" };
  return { pieces: tokens(short), pauseMs: 40, end: "done" };
}
