import { expect, test } from "vitest";
import { parse } from "yaml";
import { litellmYaml } from "./litellm.ts";

const settings = { model: "smollm2:135m", apiBase: "http://llm:8080/v1", masterKey: "sk-0123456789" };

test("the gateway's file is exactly this: one model at the embedded runtime, no retry, nothing kept, nothing fetched", () => {
  expect(litellmYaml(settings)).toBe(`model_list:
  - model_name: smollm2:135m
    litellm_params:
      model: hosted_vllm/smollm2:135m
      api_base: http://llm:8080/v1
      timeout: 600
      stream_timeout: 600
      max_retries: 0
router_settings:
  num_retries: 0
  disable_cooldowns: true
litellm_settings:
  request_timeout: 600
  turn_off_message_logging: true
  disable_hf_tokenizer_download: true
general_settings:
  master_key: sk-0123456789
`);
});

test("a value that YAML would read as something else stays the text it is", () => {
  const odd = { ...settings, model: "yes: #1", masterKey: "sk-{x}: *y" };
  expect(parse(litellmYaml(odd))).toMatchObject({
    model_list: [{ model_name: "yes: #1", litellm_params: { model: "hosted_vllm/yes: #1" } }],
    general_settings: { master_key: "sk-{x}: *y" },
  });
});
