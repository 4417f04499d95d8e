/** Types that cost nothing by themselves. A type is here because that is known: any other is unpriced until somebody looks. */
const freeTypes: ReadonlySet<string> = new Set([
  ...named("hcloud:index", [
    ...["network", "networkSubnet", "networkRoute", "serverNetwork", "loadBalancerNetwork", "loadBalancerService"],
    ...["loadBalancerTarget", "volumeAttachment", "firewall", "firewallAttachment", "placementGroup", "sshKey", "rdns"],
    ...["zone", "zoneRrset", "zoneRecord", "uploadedCertificate", "managedCertificate", "certificate"],
    ...["floatingIpAssignment", "storageBoxSubaccount", "storageBoxSnapshot"],
  ]),
  ...named("aws:ec2", [
    ...["subnet", "internetGateway", "routeTable", "route", "routeTableAssociation", "mainRouteTableAssociation"],
    ...["securityGroup", "securityGroupRule", "launchTemplate", "networkAcl", "eipAssociation", "keyPair"],
  ]),
  ...named("aws:vpc", ["securityGroupIngressRule", "securityGroupEgressRule"]),
  ...named("aws:eks", ["addon", "accessEntry", "accessPolicyAssociation", "podIdentityAssociation"]),
  ...named("aws:iam", ["role", "policy", "rolePolicy", "rolePolicyAttachment", "instanceProfile", "openIdConnectProvider"]),
  ...named("aws:kms", ["alias", "keyPolicy"]),
  ...named("aws:s3", [
    ...["bucketVersioning", "bucketObjectLockConfiguration", "bucketReplicationConfig", "bucketLifecycleConfiguration"],
    ...["bucketServerSideEncryptionConfiguration", "bucketPublicAccessBlock", "bucketPolicy", "bucketOwnershipControls"],
    // What an object takes is a figure of its bucket.
    ...["bucketObject", "bucketObjectv2"],
  ]),
  ...named("aws:ecr", ["lifecyclePolicy", "replicationConfiguration", "repositoryPolicy"]),
  ...named("aws:route53", ["record"]),
  ...named("aws:lb", ["listener", "listenerRule", "targetGroup", "targetGroupAttachment"]),
  ...named("aws:sns", ["topicPolicy"]),
  ...named("aws:secretsmanager", ["secretVersion"]),
  ...named("aws:autoscaling", ["tag"]),
  ...named("aws:budgets", ["budget"]),
  ...named("aws:costexplorer", ["anomalyMonitor", "anomalySubscription"]),
  ...named("cloudflare:index", [
    ...["dnsRecord", "zone", "zoneSetting", "originCaCertificate", "ruleset", "authenticatedOriginPulls"],
    ...["authenticatedOriginPullsSettings", "authenticatedOriginPullsCertificate"],
  ]),
]);

/** Providers that buy nothing: they compute, run programs, or make things on machines that are paid for elsewhere. */
const freePackages: ReadonlySet<string> = new Set(["command", "docker", "docker-build", "kubernetes", "random", "time", "tls"]);

export function isFree(type: string): boolean {
  return freeTypes.has(type) || freePackages.has(type.split(":")[0] ?? "");
}

/** `aws:ec2`, `subnet` → `aws:ec2/subnet:Subnet`. */
function named(module: string, names: readonly string[]): string[] {
  return names.map((name) => `${module}/${name}:${name.charAt(0).toUpperCase()}${name.slice(1)}`);
}
