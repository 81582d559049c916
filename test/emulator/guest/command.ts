// What the host may ask of the guest that main.ts is: one line of JSON a command, answered by a line for each case, and
// `null` after the last.

export const ECHO_PORT = 7000;

export type Command =
  | { readonly run: "devices" | "loopback" }
  /** Dials an echo on a port of the host. */
  | { readonly run: "dial"; readonly port: number; readonly streams: number; readonly bytes: number };

export interface CaseResult {
  readonly name: string;
  /** Why it does not hold; null when it does. */
  readonly error: string | null;
  readonly ms: number;
}
