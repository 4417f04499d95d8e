import * as pulumi from "@pulumi/pulumi";
import { DataVolume } from "./data-volume.ts";
import type { Engine } from "./engine.ts";
import { memoryLimits } from "./memory.ts";
import { acmePaths } from "./nginx.ts";
import { Service } from "./service.ts";

/** Where certificates come from and who asks. */
export interface AcmeSettings {
  readonly kind: "acme";
  /** URL of the server's directory. */
  readonly directory: string;
  /** Where the server sends warnings; null: it gets no address. */
  readonly email: string | null;
  /** PEM certificates that vouch for a private server; null: those every system trusts. */
  readonly ca: string | null;
}

export interface AcmeCertificateArgs {
  readonly engine: Engine;
  readonly image: string;
  /** Network on which the proxy is reached and which leads outside. */
  readonly network: pulumi.Input<string>;
  readonly domain: string;
  readonly settings: AcmeSettings;
}

/** A certificate that an ACME client gets, keeps on a volume that `down` leaves, and renews, proved by HTTP-01 through the proxy. */
export class AcmeCertificate extends pulumi.ComponentResource {
  /** Chain and key, for the proxy. */
  readonly certificates: DataVolume;
  /** Answers to challenges, for the proxy. */
  readonly challenges: DataVolume;
  readonly service: Service;

  constructor(name: string, args: AcmeCertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:AcmeCertificate", name, {}, opts);
    const { engine, image, network, domain, settings } = args;
    const volume = (role: string): DataVolume =>
      // Another account and certificate can be had: leaving ACME is not refused for their sake.
      new DataVolume(`${name}-${role}`, { engine, role, remade: true }, { parent: this });
    const account = volume("acme-account");
    this.certificates = volume("certificates");
    this.challenges = volume("acme-challenges");
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "acme",
        image,
        environment: {
          ACME_DIRECTORY: settings.directory,
          ACME_DOMAIN: domain,
          ...(settings.email === null ? {} : { ACME_EMAIL: settings.email }),
          ...(settings.ca === null ? {} : { ACME_CA: settings.ca }),
        },
        volumes: {
          "/var/lib/acme": account.volumeName,
          [acmePaths.certificates]: this.certificates.volumeName,
          [acmePaths.challenges]: this.challenges.volumeName,
        },
        networks: [network],
        healthcheck: ["/usr/local/bin/healthcheck"],
        memory: memoryLimits.acme,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
