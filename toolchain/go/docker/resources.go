package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/terraform-providers/terraform-provider-docker/shim"
)

// resources maps what Fidus uses; everything else of the upstream does not exist in this build.
var resources = map[string]*tfbridge.ResourceInfo{
	"docker_container": {
		Tok:                 "docker:index/container:Container",
		DeleteBeforeReplace: true, // a container name is taken until its holder is gone
		Fields:              map[string]*tfbridge.SchemaInfo{"networks_advanced": {Name: "networksAdvanced"}},
	},
	"docker_image": {
		Tok:    "docker:index/remoteImage:RemoteImage",
		Fields: map[string]*tfbridge.SchemaInfo{"name": {Name: "name"}},
	},
	"docker_network":        {Tok: "docker:index/network:Network"},
	"docker_volume":         {Tok: "docker:index/volume:Volume"},
	"docker_tag":            {Tok: "docker:index/tag:Tag"},
	"docker_registry_image": {Tok: "docker:index/registryImage:RegistryImage"},
}

func providerInfo(version string) tfbridge.ProviderInfo {
	upstream := shimv2.NewProvider(shim.New(version))
	info := tfbridge.ProviderInfo{
		P:                upstream,
		Name:             name,
		DisplayName:      "Docker",
		Version:          version,
		GitHubOrg:        "kreuzwerker",
		UpstreamRepoPath: ".",
		Resources:        resources,
		Config: map[string]*tfbridge.SchemaInfo{
			"host":          {Default: &tfbridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}, Value: "unix:///var/run/docker.sock"}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: tfbridge.False()},
		},
	}
	for tfName := range upstream.ResourcesMap().Range {
		if _, mapped := resources[tfName]; !mapped {
			info.IgnoreMappings = append(info.IgnoreMappings, tfName)
		}
	}
	for tfName := range upstream.DataSourcesMap().Range {
		info.IgnoreMappings = append(info.IgnoreMappings, tfName)
	}
	info.SetAutonaming(255, "-")
	return info
}
