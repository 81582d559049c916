// What the host may ask of the guest that main.ts is: one line of JSON a command, answered by a line for each case, and
// `null` after the last.

export const ECHO_PORT = 7000;
export const TRANSFER_PORT = 7001;

export type Command =
  | { readonly run: "devices" | "loopback" | "hostile" }
  /** Dials a port of the host that serves transfers: so many streams of so many bytes each way, at once. */
  | { readonly run: "dial"; readonly port: number; readonly streams: number; readonly bytes: number };

export interface CaseResult {
  readonly name: string;
  /** Why it does not hold; null when it does. Of an error of ours it begins with the code. */
  readonly error: string | null;
  readonly ms: number;
}
