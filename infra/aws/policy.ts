/** One statement of an IAM policy document. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | { readonly AWS: string } | { readonly Service: string };
  readonly Action: readonly string[] | string;
  readonly Resource?: readonly string[] | string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy document as AWS takes it. */
export function policyText(statements: readonly Statement[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Lets an AWS service take the role. */
export function trustText(service: string, actions: readonly string[] = ["sts:AssumeRole"]): string {
  return policyText([{ Effect: "Allow", Principal: { Service: service }, Action: actions }]);
}

/** Trust of a role that pods take through EKS Pod Identity. Source: EKS user guide. */
export const podTrust = trustText("pods.eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]);

/** Refuses requests to a bucket that are not encrypted on the way. */
export function tlsOnly(bucketArn: string): Statement {
  return {
    Sid: "TlsOnly",
    Effect: "Deny",
    Principal: "*",
    Action: "s3:*",
    Resource: [bucketArn, `${bucketArn}/*`],
    Condition: { Bool: { "aws:SecureTransport": "false" } },
  };
}
