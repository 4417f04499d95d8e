// Command pulumi-resource-docker bridges the upstream Terraform provider for Docker to the Pulumi engine.
//
// It stands in for the published plugin of the same version where the vendor's download cannot be reached:
// the same resource tokens and property names (oracle: the @pulumi/docker SDK), for the resources Fidus uses.
// With the argument "schema" it prints its Pulumi schema.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

const name = "docker"

// version is stamped by the build with the @pulumi/docker version it stands in for.
var version = "0.0.0"

func main() {
	log.SetFlags(0)
	info := providerInfo(version)
	sink := diag.DefaultSink(io.Discard, io.Discard, diag.FormatOptions{Color: colors.Never})
	schema, err := tfgen.GenerateSchema(info, sink)
	if err != nil {
		log.Fatalf("pulumi-resource-docker: the schema cannot be derived: %v", err)
	}
	encoded, err := json.Marshal(schema)
	if err != nil {
		log.Fatalf("pulumi-resource-docker: the schema cannot be encoded: %v", err)
	}
	if len(os.Args) > 1 && os.Args[1] == "schema" {
		fmt.Println(string(encoded))
		return
	}
	tfbridge.Main(name, version, info, encoded)
}
