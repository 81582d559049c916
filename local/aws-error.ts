// A refusal as the stand-ins answer it: AWS's name for it, the HTTP status, and a sentence. Each service puts it into
// its own shape, JSON or XML.

export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further response headers. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

export function invalidArgument(message: string): AwsError {
  return new AwsError("InvalidArgument", 400, message);
}
