// The codes of the command line and of the embedded stand-ins. core/error-codes.ts has them with all others.

export const COMMAND_CODES = {
  // cli/: files, the command line, AWS, and the embedded stand-ins
  USAGE_ARGUMENTS: "the command line is not understood",
  FILE_MISSING: "no such file",
  FILE_KIND: "not a regular file",
  FILE_READ: "the file cannot be read",
  FILE_SIZE: "the file is larger than such a file may be",
  FILE_EXISTS: "something is there already, and is not overwritten",
  FILE_WRITE: "the file cannot be written",
  KEY_LENGTH: "the key file does not hold an AES key of 16, 24 or 32 bytes",
  INPUT_NAME: "the job names no data set of that name",
  INPUT_LOCATION: "the job does not say where the data set lies",
  JOB_PLACE: "a job that makes objects needs a place for them, and other jobs have none",
  CLOUD_CREDENTIALS: "no usable AWS credentials, or no region, were found",
  CLOUD_REQUEST: "AWS refused the request, or could not be reached",
  RESULT_OPENED: "an opened file is not what the sealed result holds",
  LOCAL_START: "the embedded stand-ins did not start",
  // local/emulator/
  EMULATOR_MISSING: "the emulator is not set up here, or a part of it is missing",
  EMULATOR_BOOT: "the image did not come up in the emulator; `stage` says how far it came",
} as const;
