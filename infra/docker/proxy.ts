import * as pulumi from "@pulumi/pulumi";
import type { Engine } from "./engine.ts";
import { memoryLimits } from "./memory.ts";
import { nginxConf } from "./nginx.ts";
import { RoleFiles } from "./role-files.ts";
import { Service } from "./service.ts";

/** Where the proxy publishes, on the host. */
export type ProxyPorts =
  | { readonly kind: "local"; readonly page: number; readonly api: number }
  | {
      readonly kind: "domain";
      readonly domain: string;
      readonly http: number;
      readonly https: number;
      readonly certificate: Certificate;
    };

/** PEM texts. */
export interface Certificate {
  readonly chain: pulumi.Input<string>;
  readonly key: pulumi.Input<string>;
}

export interface ProxyArgs {
  readonly engine: Engine;
  readonly image: string;
  readonly fillerImage: string;
  readonly network: pulumi.Input<string>;
  readonly fingerprintKey: pulumi.Input<string>;
  /** Host address the ports are published on. */
  readonly bindAddress: string;
  readonly ports: ProxyPorts;
  /** What it stands in front of: started before it. Not its volume, which must outlive them. */
  readonly after: Service[];
}

/** nginx in front of everything: the only container that publishes ports. */
export class Proxy extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(name: string, args: ProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Proxy", name, {}, opts);
    const { engine, image, fillerImage, network, fingerprintKey, bindAddress: ip, ports, after } = args;
    const tls: Record<string, pulumi.Input<string>> = ports.kind === "domain"
      ? { "tls.crt": ports.certificate.chain, "tls.key": ports.certificate.key }
      : {};
    const files = new RoleFiles(
      `${name}-files`,
      {
        engine,
        role: "proxy",
        uid: 10004,
        image: fillerImage,
        files: { "nginx.conf": nginxConf({ domain: ports.kind === "domain" ? ports.domain : null }), ...tls },
        fingerprintKey,
      },
      { parent: this },
    );
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "proxy",
        image,
        files,
        networks: [network],
        ports:
          ports.kind === "domain"
            ? [
                { internal: 8080, external: ports.http, ip },
                { internal: 8443, external: ports.https, ip },
              ]
            : [
                { internal: 8080, external: ports.page, ip },
                { internal: 8081, external: ports.api, ip },
              ],
        healthcheck: ["/usr/local/bin/healthcheck", "8080", "/proxy-health"],
        memory: memoryLimits.proxy,
        stopGrace: 35,
      },
      { parent: this, dependsOn: after },
    );
    this.registerOutputs({});
  }
}
