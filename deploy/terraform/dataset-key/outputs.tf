output "key_arn" {
  description = "For `sealroom seal --kms-key`, and for `aws kms put-key-policy --key-id`."
  value       = aws_kms_key.dataset.arn
}
