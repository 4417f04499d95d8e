import { createServer, type Server } from "node:http";
import { onLoopback, stopServer } from "../../../cli/testing-server.ts";
import type { Cloud } from "../cloud/cloud.ts";
import type { Thing } from "../cloud/store.ts";

/** Kind and ARN of what can be asked for. Source: the service authorization reference. */
const named: Readonly<Record<string, readonly [kind: string, arn: (id: string) => string]>> = {
  "aws:costexplorer/anomalyMonitor:AnomalyMonitor": ["ce:anomalymonitor", (arn) => arn],
  "aws:costexplorer/anomalySubscription:AnomalySubscription": ["ce:anomalysubscription", (arn) => arn],
  "aws:ec2/eip:Eip": ec2("elastic-ip"),
  "aws:ec2/internetGateway:InternetGateway": ec2("internet-gateway"),
  "aws:ec2/launchTemplate:LaunchTemplate": ec2("launch-template"),
  "aws:ec2/natGateway:NatGateway": ec2("natgateway"),
  "aws:ec2/routeTable:RouteTable": ec2("route-table"),
  "aws:ec2/securityGroup:SecurityGroup": ec2("security-group"),
  "aws:ec2/subnet:Subnet": ec2("subnet"),
  "aws:ec2/vpc:Vpc": ec2("vpc"),
  "aws:ec2/vpcEndpoint:VpcEndpoint": ec2("vpc-endpoint"),
  "aws:kms/key:Key": ["kms:key", (id) => `arn:aws:kms:eu-central-1:1:key/${id}`],
  "aws:route53/healthCheck:HealthCheck": ["route53:healthcheck", (id) => `arn:aws:route53:::healthcheck/${id}`],
  "aws:route53/zone:Zone": ["route53:hostedzone", (id) => `arn:aws:route53:::hostedzone/${id}`],
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ec2("security-group-rule"),
};

function ec2(kind: string): readonly [string, (id: string) => string] {
  return [`ec2:${kind}`, (id) => `arn:aws:ec2:eu-central-1:1:${kind}/${id}`];
}

interface Question {
  readonly ResourceTypeFilters: readonly string[];
  readonly TagFilters: readonly { readonly Key: string; readonly Values: readonly string[] }[];
}

/** The calls that are made outside of the provider, over a simulated AWS: GetResources of the tagging API, DescribeRouteTables of EC2. */
export class SimulatedAwsApi {
  readonly #cloud: Cloud;
  readonly #server: Server;
  #base = "";
  /** Every kind that was asked for. */
  readonly asked: string[] = [];

  private constructor(cloud: Cloud) {
    this.#cloud = cloud;
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += chunk.toString()));
      request.on("end", () => {
        const signed = /^AWS4-HMAC-SHA256 Credential=AKID/.test(request.headers.authorization ?? "");
        const form = new URLSearchParams(body);
        if (signed && form.get("Action") === "DescribeRouteTables") {
          response.writeHead(200, { "content-type": "text/xml" }).end(this.#routeTables(form));
          return;
        }
        const known = request.headers["x-amz-target"] === "ResourceGroupsTaggingAPI_20170126.GetResources";
        const answer = known && signed ? this.#answer(JSON.parse(body) as Question) : { __type: "AccessDeniedException" };
        response.writeHead("__type" in answer ? 400 : 200, { "content-type": "application/x-amz-json-1.1" });
        response.end(JSON.stringify(answer));
      });
    });
  }

  /** Listens on a free loopback port; `await using` stops it. */
  static async start(cloud: Cloud): Promise<SimulatedAwsApi> {
    const api = new SimulatedAwsApi(cloud);
    api.#base = await onLoopback(api.#server);
    return api;
  }

  /** What the AWS SDK reads of the environment. */
  get env(): Readonly<Record<string, string>> {
    return {
      AWS_ENDPOINT_URL_EC2: this.#base,
      AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API: this.#base,
      AWS_ACCESS_KEY_ID: "AKIDOFATEST",
      AWS_SECRET_ACCESS_KEY: "secret-key-of-a-test",
    };
  }

  #answer({ ResourceTypeFilters, TagFilters }: Question): object {
    this.asked.push(...ResourceTypeFilters);
    const wanted = ({ type, inputs }: Thing): boolean => {
      const tags = (inputs["tags"] ?? {}) as Readonly<Record<string, string>>;
      return (
        ResourceTypeFilters.includes(named[type]?.[0] ?? "") &&
        TagFilters.every(({ Key, Values }) => Values.includes(tags[Key] ?? ""))
      );
    };
    const found = this.#cloud.store.all().filter(wanted);
    return {
      PaginationToken: "",
      ResourceTagMappingList: found.map(({ type, id }) => ({ ResourceARN: named[type]?.[1](id) })),
    };
  }

  /** The route table that the one filter names, with its associations. */
  #routeTables(form: URLSearchParams): string {
    const table = form.get("Filter.1.Name") === "route-table-id" ? form.get("Filter.1.Value.1") : null;
    this.asked.push("ec2:route-tables");
    const type = "aws:ec2/routeTableAssociation:RouteTableAssociation";
    const there = this.#cloud.store.all().filter((thing) => thing.type === type && thing.inputs["routeTableId"] === table);
    const items = there.map(({ id, inputs }) => {
      const subnet = `<subnetId>${String(inputs["subnetId"])}</subnetId>`;
      return `<item><routeTableAssociationId>${id}</routeTableAssociationId>${subnet}</item>`;
    });
    const tables = `<item><routeTableId>${String(table)}</routeTableId><associationSet>${items.join("")}</associationSet></item>`;
    return `<DescribeRouteTablesResponse><routeTableSet>${tables}</routeTableSet></DescribeRouteTablesResponse>`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return stopServer(this.#server);
  }
}
