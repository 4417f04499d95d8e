import * as compute from "./aws-compute.ts";
import { cluster } from "./aws-eks.ts";
import * as network from "./aws-network.ts";
import * as services from "./aws-services.ts";
import type { Estimate } from "./bill.ts";
import { isFree } from "./free.ts";
import { server } from "./hetzner-server.ts";
import * as hetzner from "./hetzner.ts";
import type { Subject } from "./subject.ts";

type Estimator = (subject: Subject) => Estimate;

/** Who prices what. */
const estimators: Readonly<Record<string, Estimator>> = {
  "hcloud:index/server:Server": server,
  "hcloud:index/volume:Volume": hetzner.volume,
  "hcloud:index/primaryIp:PrimaryIp": hetzner.primaryIp,
  "hcloud:index/floatingIp:FloatingIp": hetzner.floatingIp,
  "hcloud:index/loadBalancer:LoadBalancer": hetzner.loadBalancer,
  "hcloud:index/storageBox:StorageBox": hetzner.storageBox,
  "hcloud:index/snapshot:Snapshot": hetzner.snapshot,
  "aws:ec2/instance:Instance": compute.instance,
  "aws:ec2/capacityReservation:CapacityReservation": compute.capacityReservation,
  "aws:ec2/eip:Eip": network.eip,
  "aws:ec2/natGateway:NatGateway": network.natGateway,
  "aws:ec2/vpc:Vpc": network.vpc,
  "aws:ec2/vpcEndpoint:VpcEndpoint": network.vpcEndpoint,
  "aws:ebs/volume:Volume": compute.ebsVolume,
  "aws:eks/cluster:Cluster": cluster,
  "aws:eks/nodeGroup:NodeGroup": compute.nodeGroup,
  "aws:lb/loadBalancer:LoadBalancer": network.loadBalancer,
  "aws:alb/loadBalancer:LoadBalancer": network.loadBalancer,
  "aws:route53/zone:Zone": network.zone,
  "aws:route53/healthCheck:HealthCheck": network.healthCheck,
  "aws:s3/bucket:Bucket": services.bucket,
  "aws:kms/key:Key": services.key,
  "aws:kms/replicaKey:ReplicaKey": services.key,
  "aws:secretsmanager/secret:Secret": services.secret,
  "aws:cloudwatch/metricAlarm:MetricAlarm": services.alarm,
  "aws:dynamodb/table:Table": services.table,
  ...Object.fromEntries(services.usageOnlyTypes.map((type) => [type, services.usageOnly])),
};

/** Types that have a price of their own. */
export const pricedTypes: readonly string[] = Object.keys(estimators);

/** What a resource costs a month. A type that nobody looked at is unpriced, not free. */
export function estimate(subject: Subject): Estimate {
  const estimator = estimators[subject.type];
  if (estimator !== undefined) return estimator(subject);
  const currency = subject.type.startsWith("hcloud:") ? "EUR" : subject.type.startsWith("aws:") ? "USD" : null;
  if (isFree(subject.type)) return { currency, lines: [], reasons: [] };
  return { currency, lines: [], reasons: [`${subject.type}: this type has no price here`] };
}
