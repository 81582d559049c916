// What the host sees of a job, as lines: direction, length and order of every message on every connection, with the
// bytes of those that say something in the open.
import type { Channel, Conversation } from "../host/recording.ts";

/** Bytes of an encrypted alert of TLS 1.3, and of an encrypted CertificateVerify by P-256. */
const CLOSE_NOTIFY = 19;
const SIGNATURE = { least: 90, most: 97 };
/** What tells one run's objects from another's is drawn at random. */
const RUN = /"name":"[0-9a-f]{16}\//;

/** One a connection, in the order in which they were opened. */
export interface Transcript {
  readonly channel: Channel;
  /** Out of the enclave. */
  readonly out: readonly string[];
  /** Into it. */
  readonly in: readonly string[];
}

export function transcriptOf(conversations: readonly Conversation[]): readonly Transcript[] {
  return conversations.map(({ channel, bytes, sent }) => ({
    channel,
    out: messages(channel, bytes),
    in: channel === "gateway" ? answers(messages(channel, bytes), sent) : messages(channel, sent),
  }));
}

/** Lines in which two runs differ, with where; none when the host cannot tell them apart. */
export function differences(a: readonly Transcript[], b: readonly Transcript[]): readonly string[] {
  if (a.length !== b.length) return [`${a.length} connections, ${b.length} connections`];
  return a.flatMap((left, connection) => {
    const right = b[connection];
    if (right === undefined) return [];
    if (left.channel !== right.channel) {
      return [`connection ${connection}: ${left.channel}, ${right.channel}`];
    }
    return (["out", "in"] as const).flatMap((way) =>
      Array.from({ length: Math.max(left[way].length, right[way].length) }, (_, at) => {
        const [x = "nothing", y = "nothing"] = [left[way][at], right[way][at]];
        return x === y ? [] : [`connection ${connection}, ${left.channel}, ${way} ${at}: ${x} | ${y}`];
      }).flat(),
    );
  });
}

function messages(channel: Channel, bytes: Uint8Array): readonly string[] {
  if (channel === "tunnel") return tunnelled(bytes);
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const { json, attachments, end } = message(bytes, at);
    const isPut = channel === "gateway" && json.includes('"type":"put"');
    const { lengths, end: after } = isPut ? pieces(bytes, end) : { lengths: attachments, end };
    lines.push(`${json.replace(RUN, '"name":"RUN/')} ${lengths.map((length) => `+${length}`).join(" ")}`);
    at = after;
  }
  return lines;
}

/** Lengths of a put's pieces, up to the empty one, or to the end of what was sent of it. */
function pieces(
  bytes: Uint8Array,
  start: number,
): { readonly lengths: readonly number[]; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lengths: number[] = [];
  for (let at = start; at < bytes.length;) {
    const length = view.getUint32(at);
    lengths.push(length);
    at += 4 + length;
    if (length === 0) return { lengths, end: at };
  }
  return { lengths, end: bytes.length };
}

/** Progress, refusals and requests for ranges are readable: they are compared as they stand. */
function message(
  bytes: Uint8Array,
  start: number,
): { readonly json: string; readonly attachments: readonly number[]; readonly end: number } {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(start);
  const json = Buffer.from(bytes.subarray(start + 4, start + 4 + length)).toString();
  const { attachments = [] } = JSON.parse(json) as { attachments?: readonly number[] };
  const end = attachments.reduce((sum, bytesOf) => sum + bytesOf, start + 4 + length);
  if (end > bytes.length) throw new Error("a message that was not sent whole");
  return { json, attachments, end };
}

/** Bulk answers: each is 8 bytes of length and as many bytes as were asked for, if the host was honest. */
function answers(requests: readonly string[], bytes: Uint8Array): readonly string[] {
  return [`${requests.length} answers of ${bytes.length} bytes`];
}

/**
 * The tunnel's opening, then TLS records (RFC 8446 §5.1): type and length. Two things are left to chance, and are over
 * before any data is read: how long the ECDSA signature of the endpoint's handshake is, and who closes first.
 */
function tunnelled(bytes: Uint8Array): readonly string[] {
  if (bytes.length === 0) return [];
  const { json, end } = message(bytes, 0);
  const lines = [json];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = end; at + 5 <= bytes.length; at += 5 + view.getUint16(at + 3)) {
    const length = view.getUint16(at + 3);
    if (length === CLOSE_NOTIFY) continue;
    const signed = SIGNATURE.least <= length && length <= SIGNATURE.most;
    lines.push(`TLS ${view.getUint8(at)} of ${signed ? "a signature" : length}`);
  }
  return lines;
}
