# Sealroom: a parent instance for enclaves in a network without internet, buckets, the three roles, and alarms on what
# nobody should do with the keys. deploy/cloudformation/sealroom.yaml says the same; test/deploy compares the two.
# docs/operations.md tells the way from an empty account. Keys are a module of their own, dataset-key, which is applied as
# the break-glass role.
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 7.0"
    }
  }
}

data "aws_partition" "current" {}

data "aws_region" "current" {}

data "aws_caller_identity" "current" {}

locals {
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name
  account   = data.aws_caller_identity.current.account_id
}
