output "owner_role_arn" {
  description = "For `sealroom policy kms --owner-role`."
  value       = aws_iam_role.owner.arn
}

output "enclave_role_arn" {
  description = "For `sealroom policy kms --enclave-role`; PCR3 is made of it."
  value       = aws_iam_role.parent.arn
}

output "break_glass_role_arn" {
  description = "For `sealroom policy kms --break-glass-role`."
  value       = aws_iam_role.break_glass.arn
}

output "data_bucket" {
  description = "Where `sealroom seal --to` puts sealed objects."
  value       = aws_s3_bucket.data.id
}

output "artifact_bucket" {
  description = "Where sealroom.tgz, sealroom.eif and jobs/ go, and results/ come from."
  value       = aws_s3_bucket.artifacts.id
}

output "parent_id" {
  description = "For `aws ssm start-session --target`."
  value       = aws_instance.parent.id
}
