/** Why nothing of an artifact is shown: a sentence of ours, with nothing of the artifact in it. */
export class RefusalError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = "RefusalError";
  }
}
