import * as pulumi from "@pulumi/pulumi";
import { AcmeCertificate, type AcmeSettings } from "./acme-certificate.ts";
import type { DataVolume } from "./data-volume.ts";
import type { Engine } from "./engine.ts";
import { memoryLimits } from "./memory.ts";
import { acmePaths, leavingFolder, nginxConf } from "./nginx.ts";
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
      readonly certificate: GivenCertificate | AcmeSettings;
    };

/** PEM texts. */
export interface GivenCertificate {
  readonly kind: "files";
  readonly chain: pulumi.Input<string>;
  readonly key: pulumi.Input<string>;
}

export interface ProxyArgs {
  readonly engine: Engine;
  readonly image: string;
  /** Image of the ACME client; null where no certificate is asked for. */
  readonly acmeImage: string | null;
  readonly fillerImage: string;
  readonly network: pulumi.Input<string>;
  readonly fingerprintKey: pulumi.Input<string>;
  /** Host address the ports are published on. */
  readonly bindAddress: string;
  readonly ports: ProxyPorts;
  /** Where replicas of the API tell that they leave. */
  readonly leaving: DataVolume;
  /** What it stands in front of: started before it. Not its volume, which must outlive them. */
  readonly after: Service[];
}

/** nginx in front of everything: the only container that publishes ports. */
export class Proxy extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(name: string, args: ProxyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Proxy", name, {}, opts);
    const { engine, image, fillerImage, network, fingerprintKey, bindAddress: ip, ports, after } = args;
    const acme = acmeCertificate(`${name}-acme`, args, this);
    const files = new RoleFiles(
      `${name}-files`,
      { engine, role: "proxy", uid: 10004, image: fillerImage, files: proxyFiles(ports), fingerprintKey },
      { parent: this },
    );
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "proxy",
        image,
        files,
        readOnlyVolumes: {
          [leavingFolder]: args.leaving.volumeName,
          ...(acme === null
            ? {}
            : { [acmePaths.certificates]: acme.certificates.volumeName, [acmePaths.challenges]: acme.challenges.volumeName }),
        },
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
        startLimit: 40,
        stopGrace: 35,
      },
      { parent: this, dependsOn: acme === null ? after : [...after, acme.service] },
    );
    this.registerOutputs({});
  }
}

function proxyFiles(ports: ProxyPorts): Record<string, pulumi.Input<string>> {
  if (ports.kind === "local") return { "nginx.conf": nginxConf({ domain: null }) };
  const { domain, https: httpsPort, certificate } = ports;
  const conf = { "nginx.conf": nginxConf({ domain, httpsPort, certificate: certificate.kind }) };
  return certificate.kind === "acme" ? conf : { ...conf, "tls.crt": certificate.chain, "tls.key": certificate.key };
}

function acmeCertificate(
  name: string,
  { engine, acmeImage, network, ports }: ProxyArgs,
  parent: pulumi.Resource,
): AcmeCertificate | null {
  if (acmeImage === null || ports.kind === "local" || ports.certificate.kind === "files") return null;
  const { domain, certificate: settings } = ports;
  return new AcmeCertificate(name, { engine, image: acmeImage, network, domain, settings }, { parent });
}
