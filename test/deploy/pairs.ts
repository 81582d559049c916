// Which resource of the one template is which of the other, and which argument which property. What stands here twice is
// compared; a resource or a property that stands nowhere here fails a test.

export interface Pair {
  /** CloudFormation's logical id. */
  readonly id: string;
  /** Terraform's addresses: one resource of the one may be several of the other. */
  readonly addresses: readonly string[];
  /** CloudFormation's path to `address path`, the address by its place among the addresses. */
  readonly same: Readonly<Record<string, readonly [address: number, path: string]>>;
  /** Properties that are compared elsewhere: policies, and the script. */
  readonly elsewhere?: readonly string[];
}

const BUCKET = [
  "aws_s3_bucket",
  "aws_s3_bucket_public_access_block",
  "aws_s3_bucket_ownership_controls",
  "aws_s3_bucket_server_side_encryption_configuration",
  "aws_s3_bucket_versioning",
  "aws_s3_bucket_lifecycle_configuration",
];

function bucket(id: string, name: string, lifecycle: Pair["same"]): Pair {
  return {
    id,
    addresses: BUCKET.map((type) => `${type}.${name}`),
    same: {
      BucketName: [0, "bucket"],
      "PublicAccessBlockConfiguration.BlockPublicAcls": [1, "block_public_acls"],
      "PublicAccessBlockConfiguration.BlockPublicPolicy": [1, "block_public_policy"],
      "PublicAccessBlockConfiguration.IgnorePublicAcls": [1, "ignore_public_acls"],
      "PublicAccessBlockConfiguration.RestrictPublicBuckets": [1, "restrict_public_buckets"],
      "OwnershipControls.Rules.0.ObjectOwnership": [2, "rule.0.object_ownership"],
      "BucketEncryption.ServerSideEncryptionConfiguration.0.ServerSideEncryptionByDefault.SSEAlgorithm": [
        3,
        "rule.0.apply_server_side_encryption_by_default.0.sse_algorithm",
      ],
      "VersioningConfiguration.Status": [4, "versioning_configuration.0.status"],
      ...lifecycle,
    },
  };
}

const FORGET_AND_ABORT: Pair["same"] = {
  "LifecycleConfiguration.Rules.0.Id": [5, "rule.0.id"],
  "LifecycleConfiguration.Rules.0.Status": [5, "rule.0.status"],
  "LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration.NoncurrentDays": [
    5,
    "rule.0.noncurrent_version_expiration.0.noncurrent_days",
  ],
  "LifecycleConfiguration.Rules.1.Id": [5, "rule.1.id"],
  "LifecycleConfiguration.Rules.1.Status": [5, "rule.1.status"],
  "LifecycleConfiguration.Rules.1.AbortIncompleteMultipartUpload.DaysAfterInitiation": [
    5,
    "rule.1.abort_incomplete_multipart_upload.0.days_after_initiation",
  ],
};

function role(id: string, name: string, policy: string | null, session: boolean): Pair {
  return {
    id,
    addresses: [`aws_iam_role.${name}`, ...(policy === null ? [] : [`aws_iam_role_policy.${policy}`])],
    same: {
      RoleName: [0, "name"],
      Description: [0, "description"],
      ...(session ? { MaxSessionDuration: [0, "max_session_duration"] as const } : {}),
      ...(policy === null ? {} : { "Policies.0.PolicyName": [1, "name"] as const }),
    },
    elsewhere: ["AssumeRolePolicyDocument", "Policies.0.PolicyDocument"],
  };
}

function endpoint(id: string, name: string, hasPolicy: boolean): Pair {
  return {
    id,
    addresses: [`aws_vpc_endpoint.${name}`],
    same: {
      VpcId: [0, "vpc_id"],
      VpcEndpointType: [0, "vpc_endpoint_type"],
      ServiceName: [0, "service_name"],
      PrivateDnsEnabled: [0, "private_dns_enabled"],
      SubnetIds: [0, "subnet_ids"],
      SecurityGroupIds: [0, "security_group_ids"],
    },
    elsewhere: hasPolicy ? ["PolicyDocument"] : [],
  };
}

function alarm(id: string, name: string): readonly Pair[] {
  return [
    {
      id: `${id}Filter`,
      addresses: [`aws_cloudwatch_log_metric_filter.${name}`],
      same: {
        LogGroupName: [0, "log_group_name"],
        FilterPattern: [0, "pattern"],
        "MetricTransformations.0.MetricNamespace": [0, "metric_transformation.0.namespace"],
        "MetricTransformations.0.MetricName": [0, "metric_transformation.0.name"],
        "MetricTransformations.0.MetricValue": [0, "metric_transformation.0.value"],
      },
    },
    {
      id: `${id}Alarm`,
      addresses: [`aws_cloudwatch_metric_alarm.${name}`],
      same: {
        AlarmName: [0, "alarm_name"],
        AlarmDescription: [0, "alarm_description"],
        Namespace: [0, "namespace"],
        MetricName: [0, "metric_name"],
        Statistic: [0, "statistic"],
        Period: [0, "period"],
        EvaluationPeriods: [0, "evaluation_periods"],
        Threshold: [0, "threshold"],
        ComparisonOperator: [0, "comparison_operator"],
        TreatMissingData: [0, "treat_missing_data"],
        AlarmActions: [0, "alarm_actions"],
      },
    },
  ];
}

export const PAIRS: readonly Pair[] = [
  role("OwnerRole", "owner", "owner_data", true),
  role("ParentRole", "parent", "parent_read", false),
  role("BreakGlassRole", "break_glass", "break_glass_keys", true),
  role("TrailRole", "trail", "trail_log", false),
  {
    id: "ParentProfile",
    addresses: ["aws_iam_instance_profile.parent"],
    same: { InstanceProfileName: [0, "name"], Roles: [0, "role"] },
  },
  bucket("DataBucket", "data", FORGET_AND_ABORT),
  bucket("ArtifactBucket", "artifacts", FORGET_AND_ABORT),
  bucket("TrailBucket", "trail", {
    "LifecycleConfiguration.Rules.0.Id": [5, "rule.0.id"],
    "LifecycleConfiguration.Rules.0.Status": [5, "rule.0.status"],
    "LifecycleConfiguration.Rules.0.ExpirationInDays": [5, "rule.0.expiration.0.days"],
    "LifecycleConfiguration.Rules.0.NoncurrentVersionExpiration.NoncurrentDays": [
      5,
      "rule.0.noncurrent_version_expiration.0.noncurrent_days",
    ],
  }),
  ...(["Data data", "Artifact artifacts", "Trail trail"] as const).map((names): Pair => {
    const [id = "", name = ""] = names.split(" ");
    return {
      id: `${id}BucketPolicy`,
      addresses: [`aws_s3_bucket_policy.${name}`],
      same: { Bucket: [0, "bucket"] },
      elsewhere: ["PolicyDocument"],
    };
  }),
  {
    id: "Vpc",
    addresses: ["aws_vpc.main"],
    same: {
      CidrBlock: [0, "cidr_block"],
      EnableDnsSupport: [0, "enable_dns_support"],
      EnableDnsHostnames: [0, "enable_dns_hostnames"],
      "Tags.0.Value": [0, "tags.Name"],
    },
    elsewhere: ["Tags.0.Key"],
  },
  {
    id: "Subnet",
    addresses: ["aws_subnet.main"],
    same: {
      VpcId: [0, "vpc_id"],
      CidrBlock: [0, "cidr_block"],
      MapPublicIpOnLaunch: [0, "map_public_ip_on_launch"],
      "Tags.0.Value": [0, "tags.Name"],
    },
    elsewhere: ["Tags.0.Key"],
  },
  {
    id: "RouteTable",
    addresses: ["aws_route_table.main"],
    same: { VpcId: [0, "vpc_id"], "Tags.0.Value": [0, "tags.Name"] },
    elsewhere: ["Tags.0.Key"],
  },
  {
    id: "SubnetRoutes",
    addresses: ["aws_route_table_association.main"],
    same: { SubnetId: [0, "subnet_id"], RouteTableId: [0, "route_table_id"] },
  },
  {
    id: "ParentSecurityGroup",
    addresses: ["aws_security_group.parent"],
    same: {
      GroupDescription: [0, "description"],
      VpcId: [0, "vpc_id"],
      "SecurityGroupEgress.0.IpProtocol": [0, "egress.0.protocol"],
      "SecurityGroupEgress.0.FromPort": [0, "egress.0.from_port"],
      "SecurityGroupEgress.0.ToPort": [0, "egress.0.to_port"],
      "SecurityGroupEgress.0.CidrIp": [0, "egress.0.cidr_blocks.0"],
      "SecurityGroupEgress.0.Description": [0, "egress.0.description"],
    },
  },
  {
    id: "EndpointSecurityGroup",
    addresses: ["aws_security_group.endpoints"],
    same: {
      GroupDescription: [0, "description"],
      VpcId: [0, "vpc_id"],
      "SecurityGroupIngress.0.IpProtocol": [0, "ingress.0.protocol"],
      "SecurityGroupIngress.0.FromPort": [0, "ingress.0.from_port"],
      "SecurityGroupIngress.0.ToPort": [0, "ingress.0.to_port"],
      "SecurityGroupIngress.0.SourceSecurityGroupId": [0, "ingress.0.security_groups.0"],
      "SecurityGroupIngress.0.Description": [0, "ingress.0.description"],
    },
    // CloudFormation opens all where nothing stands, Terraform nothing: this is CloudFormation's way to nothing.
    elsewhere: ["IpProtocol", "FromPort", "ToPort", "CidrIp", "Description"].map(
      (name) => `SecurityGroupEgress.0.${name}`,
    ),
  },
  {
    id: "S3Endpoint",
    addresses: ["aws_vpc_endpoint.s3"],
    same: {
      VpcId: [0, "vpc_id"],
      VpcEndpointType: [0, "vpc_endpoint_type"],
      ServiceName: [0, "service_name"],
      RouteTableIds: [0, "route_table_ids"],
    },
    elsewhere: ["PolicyDocument"],
  },
  endpoint("KmsEndpoint", "kms", true),
  endpoint("SsmEndpoint", "ssm", false),
  endpoint("SsmMessagesEndpoint", "ssmmessages", false),
  {
    id: "Parent",
    addresses: ["aws_instance.parent"],
    same: {
      InstanceType: [0, "instance_type"],
      SubnetId: [0, "subnet_id"],
      SecurityGroupIds: [0, "vpc_security_group_ids"],
      IamInstanceProfile: [0, "iam_instance_profile"],
      "EnclaveOptions.Enabled": [0, "enclave_options.0.enabled"],
      "MetadataOptions.HttpEndpoint": [0, "metadata_options.0.http_endpoint"],
      "MetadataOptions.HttpTokens": [0, "metadata_options.0.http_tokens"],
      "MetadataOptions.HttpPutResponseHopLimit": [0, "metadata_options.0.http_put_response_hop_limit"],
      "BlockDeviceMappings.0.Ebs.Encrypted": [0, "root_block_device.0.encrypted"],
      "BlockDeviceMappings.0.Ebs.VolumeType": [0, "root_block_device.0.volume_type"],
      "BlockDeviceMappings.0.Ebs.VolumeSize": [0, "root_block_device.0.volume_size"],
      "BlockDeviceMappings.0.Ebs.DeleteOnTermination": [0, "root_block_device.0.delete_on_termination"],
      "Tags.0.Value": [0, "tags.Name"],
    },
    // The root device of Amazon Linux; the image is a parameter of another kind; the script has a test of its own.
    elsewhere: ["BlockDeviceMappings.0.DeviceName", "ImageId", "UserData", "Tags.0.Key"],
  },
  {
    id: "TrailLog",
    addresses: ["aws_cloudwatch_log_group.trail"],
    same: { LogGroupName: [0, "name"], RetentionInDays: [0, "retention_in_days"] },
  },
  {
    id: "Trail",
    addresses: ["aws_cloudtrail.trail"],
    same: {
      TrailName: [0, "name"],
      S3BucketName: [0, "s3_bucket_name"],
      CloudWatchLogsLogGroupArn: [0, "cloud_watch_logs_group_arn"],
      CloudWatchLogsRoleArn: [0, "cloud_watch_logs_role_arn"],
      IsLogging: [0, "enable_logging"],
      IsMultiRegionTrail: [0, "is_multi_region_trail"],
      IncludeGlobalServiceEvents: [0, "include_global_service_events"],
      EnableLogFileValidation: [0, "enable_log_file_validation"],
    },
  },
  { id: "AlarmTopic", addresses: ["aws_sns_topic.alarms"], same: { TopicName: [0, "name"] } },
  {
    id: "AlarmMail",
    addresses: ["aws_sns_topic_subscription.mail"],
    same: { TopicArn: [0, "topic_arn"], Protocol: [0, "protocol"], Endpoint: [0, "endpoint"] },
  },
  ...alarm("UnattestedDecrypt", "unattested_decrypt"),
  ...alarm("DeniedDecrypt", "denied_decrypt"),
  ...alarm("KeyAdministration", "key_administration"),
  ...alarm("BreakGlass", "break_glass"),
];

export const KEY_PAIRS: readonly Pair[] = [
  {
    id: "DatasetKey",
    addresses: ["aws_kms_key.dataset"],
    same: {
      Description: [0, "description"],
      KeySpec: [0, "customer_master_key_spec"],
      KeyUsage: [0, "key_usage"],
      MultiRegion: [0, "multi_region"],
      EnableKeyRotation: [0, "enable_key_rotation"],
      PendingWindowInDays: [0, "deletion_window_in_days"],
    },
    elsewhere: ["KeyPolicy"],
  },
];

/** Where Terraform has another kind of parameter than CloudFormation. */
export const OTHER_PARAMETERS: Readonly<Record<string, string>> = { ImageId: "image_parameter" };
