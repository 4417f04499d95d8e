// Package shim lends the upstream's internal provider to our main: Go judges `internal` by import path,
// and this nested module bears the upstream's path.
package shim

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/terraform-providers/terraform-provider-docker/internal/provider"
)

// New returns the upstream Terraform provider, stamped with version.
func New(version string) *schema.Provider { return provider.New(version)() }
