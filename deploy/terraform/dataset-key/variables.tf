variable "owner_role_arn" {
  description = "The role that seals."
  type        = string
  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.owner_role_arn))
    error_message = "The ARN of a role."
  }
}

variable "break_glass_role_arn" {
  description = "The role that applies this module."
  type        = string
  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.break_glass_role_arn))
    error_message = "The ARN of a role."
  }
}

variable "owner_thumbprint" {
  description = "Of the owner's signing key; `sealroom keygen` prints it."
  type        = string
  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{43}$", var.owner_thumbprint))
    error_message = "43 characters of base64url."
  }
}
