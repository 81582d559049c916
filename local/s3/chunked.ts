// Decodes the aws-chunked body of a streamed upload: `size;chunk-signature=...` CRLF data CRLF, a chunk of size zero,
// and trailing headers. Signed chunks are chained to the signature of the request, so none can be changed, dropped or
// moved; their data is passed on before their signature is checked, so nothing may be kept unless `finish` returns.
import { createHash } from "node:crypto";

import { EMPTY_PAYLOAD_HASH, sha256Hex, sign } from "../../core/sigv4.ts";
import { AwsError } from "../aws-error.ts";
import { equalText, type VerifiedSignature } from "../signature.ts";

// A size, a signature and what belongs to them; a client may not make us collect more.
const MAX_LINE_BYTES = 512;
const MAX_TRAILERS = 8;
const SIGNED = /^([0-9a-fA-F]{1,10});chunk-signature=([0-9a-f]{64})$/;
const UNSIGNED = /^([0-9a-fA-F]{1,10})$/;

export interface ChunkedForm {
  /** What signed chunks are chained to; null where chunks are not signed. */
  readonly seed: VerifiedSignature | null;
  readonly hasTrailer: boolean;
}

type State = "head" | "data" | "dataEnd" | "trailer" | "end";

export class ChunkedDecoder {
  readonly #form: ChunkedForm;
  readonly #trailers = new Map<string, string>();
  #state: State = "head";
  #line = "";
  #left = 0;
  #previous: string;
  #chunkSignature = "";
  #chunkHash = createHash("sha256");
  #isLast = false;

  constructor(form: ChunkedForm) {
    this.#form = form;
    this.#previous = form.seed?.signature ?? "";
  }

  /** The data in `bytes`, as views of it. @throws AwsError */
  *decode(bytes: Uint8Array): Generator<Uint8Array> {
    let at = 0;
    while (at < bytes.length) {
      if (this.#state === "data") {
        const data = bytes.subarray(at, at + this.#left);
        at += data.length;
        this.#left -= data.length;
        if (this.#form.seed !== null) this.#chunkHash.update(data);
        if (this.#left === 0) this.#state = "dataEnd";
        yield data;
      } else {
        at = this.#collectLine(bytes, at);
      }
    }
  }

  /** The trailing headers, once the body is whole. @throws AwsError IncompleteBody */
  finish(): ReadonlyMap<string, string> {
    if (this.#state !== "end") throw incomplete();
    return this.#trailers;
  }

  #collectLine(bytes: Uint8Array, start: number): number {
    if (this.#state === "end") throw malformed("there are bytes after the end");
    const end = bytes.indexOf(0x0a, start);
    const part = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (this.#line.length + part.length > MAX_LINE_BYTES) throw malformed("a line is too long");
    this.#line += Buffer.from(part).toString("latin1");
    if (end < 0) return bytes.length;
    if (!this.#line.endsWith("\r")) throw malformed("a line does not end in CRLF");
    const line = this.#line.slice(0, -1);
    this.#line = "";
    this.#readLine(line);
    return end + 1;
  }

  #readLine(line: string): void {
    if (this.#state === "head") this.#readHead(line);
    else if (this.#state === "dataEnd") this.#endChunk(line);
    else this.#readTrailer(line);
  }

  #readHead(line: string): void {
    const match = (this.#form.seed === null ? UNSIGNED : SIGNED).exec(line);
    const [, size, signature = ""] = match ?? [];
    if (size === undefined) throw malformed("a chunk's head is malformed");
    this.#left = parseInt(size, 16);
    this.#chunkSignature = signature;
    this.#chunkHash = createHash("sha256");
    this.#isLast = this.#left === 0;
    if (!this.#isLast) {
      this.#state = "data";
    } else if (this.#form.hasTrailer) {
      // The last chunk has no line end of its own: trailers follow at once.
      this.#checkChunk();
      this.#state = "trailer";
    } else {
      this.#state = "dataEnd";
    }
  }

  #endChunk(line: string): void {
    if (line !== "") throw malformed("a chunk is longer than its head says");
    this.#checkChunk();
    this.#state = this.#isLast ? "end" : "head";
  }

  #checkChunk(): void {
    const { seed } = this.#form;
    if (seed === null) return;
    const text = [
      "AWS4-HMAC-SHA256-PAYLOAD",
      seed.date,
      seed.scope,
      this.#previous,
      EMPTY_PAYLOAD_HASH,
      this.#chunkHash.digest("hex"),
    ].join("\n");
    this.#checkSignature(seed, text, this.#chunkSignature);
  }

  #readTrailer(line: string): void {
    if (line === "") {
      if (this.#form.seed !== null && !this.#trailers.delete("x-amz-trailer-signature")) {
        throw malformed("the trailer is not signed");
      }
      this.#state = "end";
      return;
    }
    const [, name, value] = /^([A-Za-z0-9-]+):(.*)$/.exec(line) ?? [];
    const lower = name?.toLowerCase() ?? "";
    if (value === undefined || this.#trailers.has(lower) || this.#trailers.size >= MAX_TRAILERS) {
      throw malformed("a trailing header is malformed");
    }
    // The signature covers the trailing headers before it, so nothing may come after it.
    if (this.#trailers.has("x-amz-trailer-signature")) throw malformed("a trailing header is not signed");
    if (lower === "x-amz-trailer-signature") this.#checkTrailer(value.trim());
    this.#trailers.set(lower, value.trim());
  }

  #checkTrailer(signature: string): void {
    const { seed } = this.#form;
    if (seed === null) throw malformed("an unsigned body has a signed trailer");
    const headers = [...this.#trailers].map(([name, value]) => `${name}:${value}\n`).join("");
    const text = ["AWS4-HMAC-SHA256-TRAILER", seed.date, seed.scope, this.#previous, sha256Hex(headers)].join(
      "\n",
    );
    this.#checkSignature(seed, text, signature);
  }

  #checkSignature(seed: VerifiedSignature, text: string, claimed: string): void {
    const expected = sign(seed.key, text);
    if (!equalText(expected, claimed)) {
      throw new AwsError("SignatureDoesNotMatch", 403, "the signature of a chunk is not that of its data");
    }
    this.#previous = expected;
  }
}

export function incomplete(): AwsError {
  return new AwsError(
    "IncompleteBody",
    400,
    "You did not provide the number of bytes specified by the length header",
  );
}

function malformed(message: string): AwsError {
  return new AwsError("InvalidRequest", 400, `the chunked body is malformed: ${message}`);
}
