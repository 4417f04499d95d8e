import { testCases } from "./testing.ts";

testCases({
  "a number of app hosts where three nodes do everything [P-03]": {
    edition: "pro",
    refused: { topology: "compact", appHosts: "5", databaseHosts: "3", databaseServerTypes: "ccx33" },
    says: [
      "appHosts: got 5; needs topology standard: compact has three nodes that do everything. pulumi config rm appHosts",
      "databaseHosts: got 3; needs topology standard: compact has three nodes that do everything. pulumi config rm databaseHosts",
      'databaseServerTypes: got "ccx33"; needs to be absent: topology compact has no database hosts, its nodes have appServerTypes.',
    ],
    accepted: { topology: "compact", appServerTypes: "ccx33" },
  },
  "database servers of two architectures, between which nothing could fail over": {
    edition: "pro",
    refused: { databaseServerTypes: "cx53,cax41,ccx33", imageArchitectures: "x86,arm" },
    says: [
      "databaseServerTypes: got \"cx53,cax41,ccx33\"; needs server types of one architecture: PostgreSQL's standbys are copies of the primary's files. pulumi config set databaseServerTypes cx53,ccx33",
    ],
    accepted: { databaseServerTypes: "cx53,ccx33", appServerTypes: "cx43,cax31", imageArchitectures: "x86,arm" },
  },
  "nodes of two architectures, for they hold the database": {
    edition: "pro",
    refused: { topology: "compact", appServerTypes: "cax41,cx53", imageArchitectures: "x86,arm" },
    says: ['appServerTypes: got "cax41,cx53"; needs server types of one architecture'],
    accepted: { topology: "compact", appServerTypes: "cax41", imageArchitectures: "x86,arm" },
  },
  "server types that the location does not sell": {
    edition: "pro",
    refused: { location: "ash", appServerTypes: "cx43,ccx33", monitoringServerTypes: "cpx22" },
    says: [
      'appServerTypes: got "cx43,ccx33"; needs server types that Hetzner sells in ash. pulumi config set appServerTypes ccx33',
      'monitoringServerTypes: got "cpx22"; needs server types that Hetzner sells in ash. pulumi config set monitoringServerTypes ccx33,ccx43',
    ],
    accepted: { location: "ash", appServerTypes: "ccx33", monitoringServerTypes: "ccx13" },
  },
  "images for ARM alone where there are no ARM servers": {
    edition: "pro",
    refused: { location: "sin", imageArchitectures: "arm" },
    says: [
      'imageArchitectures: got "arm"; needs x86 in location sin, where Hetzner sells no ARM servers. pulumi config set imageArchitectures x86',
    ],
    accepted: { location: "sin", imageArchitectures: "arm,x86" },
  },
  "server types of a model host that is not there": {
    edition: "pro",
    refused: { llmRuntime: "vllm", llmBaseUrl: "https://llm.fidus.test/v1", llmServerTypes: "ccx43" },
    says: [
      'llmServerTypes: got "ccx43"; needs to be absent: vllm runs on no server of this stack. pulumi config rm llmServerTypes',
    ],
    accepted: { llmRuntime: "litellm", llmServerTypes: "ccx43" },
  },
});
