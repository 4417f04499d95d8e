/** Which parts of the LLM runtime Fidus starts itself. */
export interface OwnRuntime {
  /** The embedded runtime with its model: behind the gateway, or alone. */
  readonly model: boolean;
  /** The LiteLLM gateway in front of it. */
  readonly gateway: boolean;
}

/** What Fidus starts for a recorded runtime; a LiteLLM with an address of its own is somebody else's. */
export function ownRuntime(llmRuntime: string | undefined, llmBaseUrl: string | null | undefined): OwnRuntime {
  const gateway = llmRuntime === "litellm" && (llmBaseUrl === null || llmBaseUrl === undefined);
  return { model: llmRuntime === "embedded" || gateway, gateway };
}
