# The three parties of a key policy. Key policies alone decide about keys: no role has a right on one from here, but
# break-glass that of making one.

data "aws_iam_policy_document" "owner_trust" {
  statement {
    sid     = "OwnerAssumes"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.owner_principal_arn]
    }
  }
}

data "aws_iam_policy_document" "owner_data" {
  statement {
    sid       = "WriteAndReadData"
    actions   = ["s3:PutObject", "s3:GetObject", "s3:AbortMultipartUpload"]
    resources = ["${aws_s3_bucket.data.arn}/*"]
  }
  statement {
    sid       = "SeeWhatIsThere"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.data.arn]
  }
}

resource "aws_iam_role" "owner" {
  name                 = "${var.name}-owner"
  description          = "Seals data. Key policies let it wrap and open the dataset keys of its own thumbprint."
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.owner_trust.json
}

resource "aws_iam_role_policy" "owner_data" {
  name   = "data"
  role   = aws_iam_role.owner.id
  policy = data.aws_iam_policy_document.owner_data.json
}

data "aws_iam_policy_document" "parent_trust" {
  statement {
    sid     = "InstanceAssumes"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "parent_read" {
  statement {
    sid       = "ReadSealedDataAndArtifacts"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.data.arn}/*", "${aws_s3_bucket.artifacts.arn}/*"]
  }
  statement {
    sid       = "TellMissingFromForbidden"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.data.arn, aws_s3_bucket.artifacts.arn]
  }
  # A shell on the instance by Session Manager, and nothing else of Systems Manager: no parameters, no documents.
  statement {
    sid = "SessionManager"
    actions = [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }
  # The key policy alone decides about keys; this keeps a policy added here later from widening it.
  statement {
    sid         = "NothingOfKmsButDecrypt"
    effect      = "Deny"
    not_actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources   = ["arn:${local.partition}:kms:*:*:key/*"]
  }
  # What leaves the parent: receipts, and results sealed to their recipients. Not what it runs, nor jobs.
  statement {
    sid       = "HandOutResults"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.artifacts.arn}/results/*"]
  }
}

resource "aws_iam_role" "parent" {
  name               = "${var.name}-enclave"
  description        = "The parent instance, and the enclave through it. Key policies let it decrypt from measured images alone."
  assume_role_policy = data.aws_iam_policy_document.parent_trust.json
}

resource "aws_iam_role_policy" "parent_read" {
  name   = "read"
  role   = aws_iam_role.parent.id
  policy = data.aws_iam_policy_document.parent_read.json
}

resource "aws_iam_instance_profile" "parent" {
  name = "${var.name}-enclave"
  role = aws_iam_role.parent.name
}

data "aws_iam_policy_document" "break_glass_trust" {
  statement {
    sid     = "BreakGlassAssumesWithMfa"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = [var.break_glass_principal_arn]
    }
    condition {
      test     = "Bool"
      variable = "aws:MultiFactorAuthPresent"
      values   = ["true"]
    }
  }
}

data "aws_iam_policy_document" "break_glass_keys" {
  # All else about a key its own policy grants.
  statement {
    sid       = "MakeKeys"
    actions   = ["kms:CreateKey"]
    resources = ["*"]
  }
  # For whoever makes keys by CloudFormation.
  statement {
    sid = "RunKeyStacks"
    actions = [
      "cloudformation:CreateChangeSet",
      "cloudformation:DescribeChangeSet",
      "cloudformation:ExecuteChangeSet",
      "cloudformation:DeleteChangeSet",
      "cloudformation:DescribeStacks",
      "cloudformation:DescribeStackEvents",
      "cloudformation:GetTemplate",
      "cloudformation:DeleteStack",
    ]
    resources = ["arn:${local.partition}:cloudformation:*:${local.account}:stack/${var.name}-key-*/*"]
  }
  statement {
    sid       = "ReadTemplates"
    actions   = ["cloudformation:GetTemplateSummary"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "break_glass" {
  name                 = "${var.name}-break-glass"
  description          = "Makes keys and changes their policies. Each use raises an alarm."
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.break_glass_trust.json
}

resource "aws_iam_role_policy" "break_glass_keys" {
  name   = "keys"
  role   = aws_iam_role.break_glass.id
  policy = data.aws_iam_policy_document.break_glass_keys.json
}
