variable "name" {
  description = "What the names of roles, buckets and alarms begin with."
  type        = string
  default     = "sealroom"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,20}$", var.name))
    error_message = "3 to 21 lower-case letters, digits and hyphens, a letter first."
  }
}

variable "owner_principal_arn" {
  description = "Who may assume the owner's role, which seals data and wraps keys. Not who administers this account."
  type        = string
  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)/.+$", var.owner_principal_arn))
    error_message = "The ARN of a user or a role."
  }
}

variable "break_glass_principal_arn" {
  description = "Who may assume, with MFA, the role that makes keys and changes their policies. Nobody who runs the parent."
  type        = string
  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(user|role)/.+$", var.break_glass_principal_arn))
    error_message = "The ARN of a user or a role."
  }
}

variable "alarm_email" {
  description = "Where alarms go. AWS asks there for a confirmation once."
  type        = string
  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.alarm_email))
    error_message = "An e-mail address."
  }
}

variable "instance_type" {
  description = "A Nitro type on x64 with 4 vCPUs or more that may have enclaves. The parent keeps a core."
  type        = string
  default     = "m6i.xlarge"
  validation {
    condition     = can(regex("^[a-z0-9-]+\\.(x|2x|4x|8x|12x|16x|24x|32x)large$", var.instance_type))
    error_message = "A type of xlarge or larger."
  }
}

variable "enclave_memory_mib" {
  description = "Taken from the parent for enclaves. At least 4 times the image; a multiple of 1024 wastes nothing."
  type        = number
  default     = 4096
  validation {
    condition     = var.enclave_memory_mib >= 512
    error_message = "At least 512 MiB."
  }
}

variable "enclave_cpus" {
  description = "Taken from the parent for enclaves; whole cores, 2 threads each on x64."
  type        = number
  default     = 2
  validation {
    condition     = var.enclave_cpus >= 2
    error_message = "At least 2."
  }
}

variable "root_volume_gib" {
  description = "Root volume of the parent, encrypted."
  type        = number
  default     = 20
  validation {
    condition     = var.root_volume_gib >= 10
    error_message = "At least 10 GiB."
  }
}

variable "image_parameter" {
  description = "Amazon Linux 2023: the SSM parameter that names its AMI. A newer one does not replace the instance by itself."
  type        = string
  default     = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

variable "vpc_cidr" {
  description = "Of the network, which has no way to the internet."
  type        = string
  default     = "10.80.0.0/24"
}

variable "subnet_cidr" {
  description = "Of its one subnet."
  type        = string
  default     = "10.80.0.0/26"
}

variable "noncurrent_days" {
  description = "For how long an object that was replaced or deleted can be had back."
  type        = number
  default     = 30
  validation {
    condition     = var.noncurrent_days >= 1
    error_message = "At least a day."
  }
}

variable "trail_days" {
  description = "For how long CloudTrail's records are kept."
  type        = number
  default     = 400
  validation {
    condition     = var.trail_days >= 90
    error_message = "At least 90 days."
  }
}
