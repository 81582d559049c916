# What nobody should do with the keys, seen in CloudTrail's records a few minutes later.

resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "mail" {
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = var.alarm_email
}

# The parent's role asks KMS through an enclave or not at all; also where KMS refuses.
resource "aws_cloudwatch_log_metric_filter" "unattested_decrypt" {
  name           = "${var.name}-unattested-decrypt"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = <<-EOT
    { ($.eventSource = "kms.amazonaws.com") && ($.eventName = "Decrypt" || $.eventName = "GenerateDataKey")
    && ($.userIdentity.sessionContext.sessionIssuer.arn = "${aws_iam_role.parent.arn}")
    && ($.additionalEventData.recipient.attestationDocumentEnclaveImageDigest NOT EXISTS) }
  EOT
  metric_transformation {
    namespace = var.name
    name      = "UnattestedDecrypt"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "unattested_decrypt" {
  alarm_name          = "${var.name}-unattested-decrypt"
  alarm_description   = "The parent's role asked KMS for a key without an enclave's attestation. See operations.md, Incidents."
  namespace           = var.name
  metric_name         = "UnattestedDecrypt"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_log_metric_filter" "denied_decrypt" {
  name           = "${var.name}-denied-decrypt"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = <<-EOT
    { ($.eventSource = "kms.amazonaws.com") && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt")
    && ($.errorCode = "AccessDenied*") }
  EOT
  metric_transformation {
    namespace = var.name
    name      = "DeniedDecrypt"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "denied_decrypt" {
  alarm_name          = "${var.name}-denied-decrypt"
  alarm_description   = "KMS refused to decrypt. An image or epoch that no key policy lists, or somebody who tries."
  namespace           = var.name
  metric_name         = "DeniedDecrypt"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_log_metric_filter" "key_administration" {
  name           = "${var.name}-key-administration"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = <<-EOT
    { ($.eventSource = "kms.amazonaws.com") && ($.eventName = "PutKeyPolicy" || $.eventName = "CreateGrant"
    || $.eventName = "ScheduleKeyDeletion" || $.eventName = "DisableKey" || $.eventName = "ReplicateKey"
    || $.eventName = "ImportKeyMaterial" || $.eventName = "DeleteImportedKeyMaterial") }
  EOT
  metric_transformation {
    namespace = var.name
    name      = "KeyAdministration"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "key_administration" {
  alarm_name          = "${var.name}-key-administration"
  alarm_description   = "A key's policy was changed, or the key is to go, or somebody tried. Expected in a roll-over alone."
  namespace           = var.name
  metric_name         = "KeyAdministration"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_log_metric_filter" "break_glass" {
  name           = "${var.name}-break-glass"
  log_group_name = aws_cloudwatch_log_group.trail.name
  pattern        = <<-EOT
    { ($.eventSource = "sts.amazonaws.com") && ($.eventName = "AssumeRole")
    && ($.requestParameters.roleArn = "${aws_iam_role.break_glass.arn}") }
  EOT
  metric_transformation {
    namespace = var.name
    name      = "BreakGlass"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "break_glass" {
  alarm_name          = "${var.name}-break-glass"
  alarm_description   = "Somebody assumed the role that may change key policies, or tried."
  namespace           = var.name
  metric_name         = "BreakGlass"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}
