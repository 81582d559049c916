// How far this machine's clock is off, by the Date header of an AWS service. Nothing is asked that needs a right, and
// nothing secret follows from what is answered.
import { fine, obstacle, warning } from "../enclave/finding.ts";
import type { Finding } from "../enclave/finding.ts";

export interface Answer {
  /** The Date header, RFC 9110 §6.6.1: whole seconds. */
  readonly date: string | null;
  /** This machine's time, UTC milliseconds, when the request left and when the answer came. */
  readonly sentMs: number;
  readonly receivedMs: number;
}

/** A header has whole seconds, and an answer takes its time. */
const UNCERTAIN_MS = 2_000;
/** The enclave refuses to work when its clock is a minute from its attested time; AWS at five. */
const TOLERATED_MS = 60_000;

/** Null where the answer does not say. */
export function skewMs({ date, sentMs, receivedMs }: Answer): number | null {
  const there = date === null ? NaN : Date.parse(date);
  // The header's second may have begun up to a second before; the request was on its way for half of the time.
  return Number.isNaN(there) ? null : (sentMs + receivedMs) / 2 - (there + 500);
}

export function checkSkew(host: string, answer: Answer | null): Finding {
  const skew = answer === null ? null : skewMs(answer);
  if (skew === null) {
    return obstacle("clock skew", `${host} cannot be reached`, "without S3 and KMS no job runs on AWS", [
      `curl -sI https://${host}/ | head -1`,
    ]);
  }
  const seconds = Math.abs(Math.round(skew / 1000));
  const side = skew > 0 ? "ahead of" : "behind";
  if (Math.abs(skew) <= UNCERTAIN_MS) return fine("clock skew", `none against ${host}`);
  const commands = ["chronyc tracking", "sudo systemctl restart chronyd"];
  const what = `this clock is ${seconds} s ${side} ${host}`;
  return Math.abs(skew) > TOLERATED_MS
    ? obstacle(
        "clock skew",
        what,
        "AWS refuses requests that are signed 5 minutes off, and `verify` judges ages by it",
        commands,
      )
    : warning("clock skew", what, "it is not kept true by anything, and will grow", commands);
}

/** Null where nothing answers. */
export async function askDate(host: string, limitMs: number): Promise<Answer | null> {
  const sentMs = Date.now();
  try {
    const response = await fetch(`https://${host}/`, {
      method: "HEAD",
      redirect: "manual",
      signal: AbortSignal.timeout(limitMs),
    });
    return { date: response.headers.get("date"), sentMs, receivedMs: Date.now() };
  } catch {
    return null;
  }
}
