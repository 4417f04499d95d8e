import { CliError } from "../errors.ts";

/** Questions to AWS about what exists. */
export interface AskAws {
  /** ARNs of the resources of a kind (`service:type`) with these tags in a region. */
  readonly tagged: (region: string, kind: string, tags: Readonly<Record<string, string>>) => Promise<readonly string[]>;
  /** Id of the association of a subnet with a route table; null when there is none. */
  readonly association: (region: string, routeTable: string, subnet: string) => Promise<string | null>;
}

/** AWS itself, with the credentials that the provider would find. Its clients are loaded when asked: hardly any run needs them. */
export function askAws(signal: AbortSignal): AskAws {
  return {
    tagged: (region, kind, tags) =>
      asked(signal, region, "tag:GetResources", async () => {
        const { ResourceGroupsTaggingAPIClient, paginateGetResources } =
          await import("@aws-sdk/client-resource-groups-tagging-api");
        const client = new ResourceGroupsTaggingAPIClient({ region });
        const TagFilters = Object.entries(tags).map(([Key, value]) => ({ Key, Values: [value] }));
        const arns: string[] = [];
        const pages = paginateGetResources({ client }, { ResourceTypeFilters: [kind], TagFilters });
        for await (const { ResourceTagMappingList = [] } of pages) {
          signal.throwIfAborted();
          arns.push(...ResourceTagMappingList.flatMap(({ ResourceARN }) => ResourceARN ?? []));
        }
        return arns;
      }),
    association: (region, routeTable, subnet) =>
      asked(signal, region, "ec2:DescribeRouteTables", async () => {
        const { DescribeRouteTablesCommand, EC2Client } = await import("@aws-sdk/client-ec2");
        const filters = [{ Name: "route-table-id", Values: [routeTable] }];
        const command = new DescribeRouteTablesCommand({ Filters: filters });
        const { RouteTables = [] } = await new EC2Client({ region }).send(command, { abortSignal: signal });
        const associations = RouteTables.flatMap(({ Associations = [] }) => Associations);
        return associations.find(({ SubnetId }) => SubnetId === subnet)?.RouteTableAssociationId ?? null;
      }),
  };
}

async function asked<T>(signal: AbortSignal, region: string, action: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError(`AWS did not say what a killed run had made in ${region}: ${(error as Error).message}`, {
      code: "aws-away",
      fix: `Give credentials that may call ${action} (aws sso login, or AWS_ACCESS_KEY_ID), then run the same command again.`,
      cause: error,
    });
  }
}
