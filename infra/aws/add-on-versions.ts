/** Versions of Kubernetes that can be had, oldest first: up one at a time, never down. */
export const kubernetesVersions = ["1.35", "1.36"] as const;
export type KubernetesVersion = (typeof kubernetesVersions)[number];

/** Add-ons that must be there before the first node: without the first two of them a node never gets ready. */
export const addOnsBeforeNodes = ["vpc-cni", "kube-proxy", "eks-pod-identity-agent"] as const;
/** Add-ons that run on nodes. */
export const addOnsOnNodes = ["coredns", "aws-ebs-csi-driver", "metrics-server", "eks-node-monitoring-agent"] as const;
export type AddOnName = (typeof addOnsBeforeNodes)[number] | (typeof addOnsOnNodes)[number];

/**
 * The pinned version of each add-on. Source: versions that public repositories ran on these clusters by November 2026; not
 * asked of AWS, which has no price for asking: `aws eks describe-addon-versions --kubernetes-version 1.36`.
 * @NOTE metrics-server and the monitoring agent of 1.36 were seen with 1.35 only.
 */
export const addOnVersions: Readonly<Record<KubernetesVersion, Readonly<Record<AddOnName, string>>>> = {
  "1.35": {
    "vpc-cni": "v1.21.1-eksbuild.8",
    "kube-proxy": "v1.35.3-eksbuild.5",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    coredns: "v1.14.2-eksbuild.4",
    "aws-ebs-csi-driver": "v1.59.0-eksbuild.1",
    "metrics-server": "v0.8.1-eksbuild.6",
    "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
  },
  "1.36": {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.36.0-eksbuild.21",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    coredns: "v1.14.3-eksbuild.16",
    "aws-ebs-csi-driver": "v1.63.1-eksbuild.1",
    "metrics-server": "v0.8.1-eksbuild.10",
    "eks-node-monitoring-agent": "v1.6.4-eksbuild.1",
  },
};
