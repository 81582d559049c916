# The KMS key of one data set of one owner, with the policy to begin with: the owner wraps and opens his own keys, the
# break-glass role administers, no enclave decrypts. Apply it as the break-glass role: nobody else may touch the key.
# `sealroom policy kms` prints the policies that follow, and `aws kms put-key-policy` sets them: not this module.
terraform {
  required_version = ">= 1.6"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.60, < 7.0"
    }
  }
}

data "aws_iam_policy_document" "key" {
  policy_id = "sealroom-dataset-key"
  statement {
    sid       = "OwnerWrapsOwnKeys"
    actions   = ["kms:GenerateDataKey", "kms:Encrypt", "kms:Decrypt"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [var.owner_role_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:sealroom:owner"
      values   = [var.owner_thumbprint]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:sealroom:purpose"
      values   = ["dataset", "output"]
    }
  }
  statement {
    sid       = "OwnerMakesTokenKeys"
    actions   = ["kms:GenerateDataKeyWithoutPlaintext"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [var.owner_role_arn]
    }
    condition {
      test     = "StringEquals"
      variable = "kms:EncryptionContext:sealroom:owner"
      values   = [var.owner_thumbprint]
    }
  }
  statement {
    sid       = "OwnerDescribesKey"
    actions   = ["kms:DescribeKey"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [var.owner_role_arn]
    }
  }
  statement {
    sid       = "BreakGlassAdministers"
    actions   = ["kms:*"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = [var.break_glass_role_arn]
    }
  }
  statement {
    sid       = "NobodyElseOpensUnattested"
    effect    = "Deny"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [var.owner_role_arn, var.break_glass_role_arn]
    }
    condition {
      test     = "Null"
      variable = "kms:RecipientAttestation:ImageSha384"
      values   = ["true"]
    }
  }
  statement {
    sid       = "NobodyElseDrawsKeysButForOutput"
    effect    = "Deny"
    actions   = ["kms:GenerateDataKey"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [var.owner_role_arn, var.break_glass_role_arn]
    }
    condition {
      test     = "StringNotEquals"
      variable = "kms:EncryptionContext:sealroom:purpose"
      values   = ["output"]
    }
  }
  statement {
    sid    = "NobodyElseWraps"
    effect = "Deny"
    actions = [
      "kms:Encrypt",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:GenerateDataKeyPair",
      "kms:GenerateDataKeyPairWithoutPlaintext",
    ]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [var.owner_role_arn, var.break_glass_role_arn]
    }
  }
  statement {
    sid       = "NobodyElseHandsOn"
    effect    = "Deny"
    actions   = ["kms:ReEncrypt*", "kms:CreateGrant"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [var.owner_role_arn, var.break_glass_role_arn]
    }
  }
  statement {
    sid    = "OnlyBreakGlassAdministers"
    effect = "Deny"
    actions = [
      "kms:PutKeyPolicy",
      "kms:ScheduleKeyDeletion",
      "kms:CancelKeyDeletion",
      "kms:DisableKey",
      "kms:EnableKey",
      "kms:DisableKeyRotation",
      "kms:EnableKeyRotation",
      "kms:RotateKeyOnDemand",
      "kms:ImportKeyMaterial",
      "kms:DeleteImportedKeyMaterial",
      "kms:ReplicateKey",
      "kms:UpdatePrimaryRegion",
      "kms:SynchronizeMultiRegionKey",
      "kms:UpdateKeyDescription",
      "kms:CreateAlias",
      "kms:UpdateAlias",
      "kms:DeleteAlias",
      "kms:TagResource",
      "kms:UntagResource",
      "kms:RevokeGrant",
      "kms:RetireGrant",
    ]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = [var.break_glass_role_arn]
    }
  }
}

resource "aws_kms_key" "dataset" {
  description              = "Wraps the keys of one data set of Sealroom"
  customer_master_key_spec = "SYMMETRIC_DEFAULT"
  key_usage                = "ENCRYPT_DECRYPT"
  multi_region             = false
  # KMS keeps the older material: what was wrapped stays open to whom the policy says.
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
  lifecycle {
    prevent_destroy = true
    ignore_changes  = [policy]
  }
}
