#!/bin/bash
# Makes a new Amazon Linux 2023 instance a parent of Sealroom's enclave; cloud-init runs it once, as root. It may be run
# again, after a fault or when package or image are new: sudo /usr/local/sbin/sealroom-set-up. Names in braces are filled in
# by CloudFormation or Terraform, which hold the same text. There is no way to the internet: packages come from Amazon's
# repository and the artifact bucket, through the S3 endpoint.
set -euo pipefail
[ "$0" = /usr/local/sbin/sealroom-set-up ] || install -m 0755 "$0" /usr/local/sbin/sealroom-set-up
dnf install -y aws-nitro-enclaves-cli
cat > /etc/nitro_enclaves/allocator.yaml <<'END'
---
memory_mib: ${EnclaveMemoryMiB}
cpu_count: ${EnclaveCpus}
END
systemctl enable --now nitro-enclaves-allocator.service
id sealroom || useradd --system --create-home --home-dir /var/lib/sealroom --shell /sbin/nologin --groups ne sealroom
install -d -o sealroom -g sealroom -m 0750 /var/lib/sealroom/jobs /var/lib/sealroom/results
# They are uploaded after the bucket is there, which is when this instance starts.
until aws s3 cp --only-show-errors --region "${Region}" "s3://${ArtifactBucket}/sealroom.tgz" /opt/sealroom.tgz &&
  aws s3 cp --only-show-errors --region "${Region}" "s3://${ArtifactBucket}/sealroom.eif" /opt/sealroom.eif; do
  sleep 30
done
rm -rf /opt/sealroom
install -d -m 0755 /opt/sealroom
tar -xzf /opt/sealroom.tgz -C /opt/sealroom --no-same-owner
install -m 0755 /opt/sealroom/deploy/parent/sealroom /usr/local/bin/sealroom
install -m 0644 /opt/sealroom/deploy/systemd/* /etc/systemd/system/
printf 'AWS_REGION=%s\nARTIFACT_BUCKET=%s\n' '${Region}' '${ArtifactBucket}' > /etc/sealroom.env
systemctl daemon-reload
systemctl enable sealroom-enclave.service sealroom-enclave-check.timer
systemctl restart sealroom-enclave.service sealroom-enclave-check.timer
