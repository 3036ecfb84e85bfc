//! Tests of the kubelets against the Kubernetes API in memory.
