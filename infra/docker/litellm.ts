import { stringify } from "yaml";

/** What the gateway's configuration depends on. */
export interface LitellmSettings {
  /** Name that callers use, and the name under which the runtime behind it lists the model. */
  readonly model: string;
  /** OpenAI-compatible base URL of the runtime behind it, ending in /v1. */
  readonly apiBase: string;
  /** Callers must send it; begins with `sk-`, or LiteLLM would not accept it. */
  readonly masterKey: string;
}

/** Seconds: a cold model may load for long; the application waits as long. */
const timeout = 600;

/**
 * The gateway's litellm.yaml: one model, nothing retried or cooled down (there is no second runtime to go to, and the caller
 * must see what failed), nothing kept of what is said, nothing fetched from outside.
 * LiteLLM accepts unknown keys silently: each one here was read in the source of the version that infra/images/litellm pins.
 */
export function litellmYaml({ model, apiBase, masterKey }: LitellmSettings): string {
  return stringify({
    model_list: [
      {
        model_name: model,
        // hosted_vllm = the plain OpenAI protocol, for a runtime that asks for no key.
        litellm_params: { model: `hosted_vllm/${model}`, api_base: apiBase, timeout, stream_timeout: timeout, max_retries: 0 },
      },
    ],
    router_settings: { num_retries: 0, disable_cooldowns: true },
    litellm_settings: {
      request_timeout: timeout,
      turn_off_message_logging: true,
      // To count tokens it would fetch the tokenizer of a model whose name it knows.
      disable_hf_tokenizer_download: true,
    },
    general_settings: { master_key: masterKey },
  });
}
