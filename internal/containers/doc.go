// Package containers has only a test: it runs the services of examples/compose in network namespaces, without Docker. It is a
// module of its own, because it reads YAML.
package containers
