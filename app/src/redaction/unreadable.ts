const dataUrl = /^data:[\w.+/-]{0,100}(?:;[\w=.-]{1,100}){0,4};base64,[\w+/=-]*$/;

/** A file as a data URL: there is no text in it to look at. */
export function isData(value: string): boolean {
  return value.startsWith("data:") && dataUrl.test(value);
}

const mediaTypes = /^(?:input_)?(?:image|audio|file|video|document)(?:_url)?$/;

/** True: the request holds what no detector reads: pictures, sound, files, or a prompt in tokens. */
export function holdsUnreadable(body: Readonly<Record<string, unknown>>): boolean {
  const { prompt, input } = body;
  if ([prompt, input].some((value) => Array.isArray(value) && value.flat().some((one) => typeof one === "number"))) return true;
  const open: unknown[] = [body["messages"], prompt, input];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === "string" && isData(value)) return true;
    if (typeof value !== "object" || value === null) continue;
    const { type } = value as { type?: unknown };
    if (typeof type === "string" && mediaTypes.test(type)) return true;
    for (const inner of Object.values(value)) open.push(inner);
  }
  return false;
}
