//go:build tools

// Package tools pins the Pulumi CLI that `toolchain/` builds where the vendor's download cannot be reached.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
