import { Provider } from "@pulumi/docker/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../infra/config/read.ts";
import { appSettings } from "../infra/docker/app-settings.ts";
import { App } from "../infra/docker/app.ts";
import { communityPlan } from "../infra/docker/community-plan.ts";
import { EmbeddedLlm } from "../infra/docker/embedded-llm.ts";
import { DataVolume } from "../infra/docker/data-volume.ts";
import type { Engine } from "../infra/docker/engine.ts";
import { Gateway } from "../infra/docker/gateway.ts";
import { embeddedBaseUrl } from "../infra/config/llm-endpoint.ts";
import { hostAppEnvironment } from "../infra/docker/host-app.ts";
import { Networks } from "../infra/docker/networks.ts";
import { Proxy } from "../infra/docker/proxy.ts";
import { StackSecrets } from "../infra/docker/stack-secrets.ts";
import { Cache, Database } from "../infra/docker/stores.ts";
import manifest from "../package.json" with { type: "json" };
import type { StackOutputs } from "./outputs.ts";

/** One Docker host: everything in containers, only the proxy reachable. */
export function community(): StackOutputs {
  const cfg = readConfig("community");
  const plan = communityPlan(cfg);
  const { images } = plan;
  const engine: Engine = {
    identity: { installation: cfg.installation, stack: pulumi.getStack(), edition: cfg.edition },
    provider: new Provider("docker", { host: cfg.dockerHost }),
    dockerHost: cfg.dockerHost,
    major: cfg.dockerMajor,
  };
  const networks = new Networks("network", { engine });
  const secrets = new StackSecrets("secret", {
    generation: cfg.secretsGeneration,
    encryption: { newest: cfg.encryptionKeyNewest, oldest: cfg.encryptionKeyOldest },
  });
  const store = { engine, fillerImage: images.base, network: networks.data, publicNetwork: networks.edge, secrets };
  const database = new Database("database", { ...store, image: images.postgres, hostPort: plan.hostPorts.postgres });
  const cache = new Cache("cache", { ...store, image: images.redis, hostPort: plan.hostPorts.redis });
  // Kept while the application runs elsewhere, as the stores are.
  const uploads = new DataVolume("uploads", { engine, role: "uploads" });
  const settings = appSettings(cfg);
  const outputs = { edition: cfg.edition, version: manifest.version, ...plan.urls };
  if (plan.app === null) {
    const { hostPorts: ports, hostLlm: llm } = plan;
    const appEnvironment = hostAppEnvironment({ secrets, ports, llm, settings, model: cfg.model, llmApiKey: cfg.llmApiKey });
    return { ...outputs, apiContainer: null, appEnvironment };
  }
  const { environment, apiReplicas: replicas } = cfg;
  const shared = { engine, fillerImage: images.base };
  const app = new App("app", {
    ...shared,
    ...plan.app,
    image: images.app,
    networks,
    database,
    cache,
    secrets,
    uploads,
    llmApiKey: plan.gateway ? secrets.gateway : cfg.llmApiKey,
    replicas,
    settings,
    environment,
    version: manifest.version,
  });
  const after = [app.gate];
  const network = networks.data;
  if (plan.embeddedModel) {
    const llm = { engine, image: images.llm, model: plan.embeddedModel };
    const pace = { threads: cfg.llmThreads, idleSeconds: cfg.llmIdleSeconds };
    new EmbeddedLlm("llm", { ...llm, ...pace, settings, network, environment, after });
  }
  if (plan.gateway) {
    const runtime = { model: cfg.model, apiBase: embeddedBaseUrl };
    new Gateway("gateway", { ...shared, ...runtime, image: images.litellm, networks, secrets, after });
  }
  const proxy = {
    ...shared,
    image: images.proxy,
    acmeImage: images.acme ?? null,
    network: networks.edge,
    fingerprintKey: secrets.fingerprint,
    bindAddress: cfg.bindAddress,
  };
  new Proxy("proxy", { ...proxy, ports: plan.ports, leaving: app.leaving, after: app.services });
  return { ...outputs, apiContainer: app.apiContainer };
}
