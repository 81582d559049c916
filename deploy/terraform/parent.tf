# The parent instance. Whoever may open a session on it is the host: trusted for nothing but that it runs.

data "aws_ssm_parameter" "image" {
  name = var.image_parameter
}

resource "aws_instance" "parent" {
  ami                    = data.aws_ssm_parameter.image.value
  instance_type          = var.instance_type
  subnet_id              = aws_subnet.main.id
  vpc_security_group_ids = [aws_security_group.parent.id]
  iam_instance_profile   = aws_iam_instance_profile.parent.name
  tags                   = { Name = "${var.name}-parent" }
  enclave_options {
    enabled = true
  }
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }
  root_block_device {
    encrypted             = true
    volume_type           = "gp3"
    volume_size           = var.root_volume_gib
    delete_on_termination = true
  }
  user_data = templatefile("${path.module}/../parent/set-up.sh", {
    ArtifactBucket   = aws_s3_bucket.artifacts.id
    EnclaveMemoryMiB = var.enclave_memory_mib
    EnclaveCpus      = var.enclave_cpus
    Region           = local.region
  })
  depends_on = [aws_vpc_endpoint.s3, aws_route_table_association.main]
  lifecycle {
    ignore_changes = [ami]
  }
}
