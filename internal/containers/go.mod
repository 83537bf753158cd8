module github.com/cloudbase-community/tcbauth/internal/containers

go 1.26.0

replace github.com/cloudbase-community/tcbauth => ../..

require (
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v3 v3.0.5
)
