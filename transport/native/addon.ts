// The native addon: AF_VSOCK sockets on the event loop, the NSM's device, the kernel's entropy pool. It decides nothing.
// What its functions return below zero is an errno; they throw nothing, whatever they are given.
import { SealroomError } from "../../core/errors.ts";

/** An open file descriptor. Only the addon can make one, and only it can see inside. */
export type Descriptor = object & { readonly descriptor: unique symbol };

export interface Addon {
  /** AF_VSOCK or AF_UNIX. */
  socket(family: number): Descriptor | number;
  /** `address` is the kernel's struct sockaddr. -EINPROGRESS: `fault` has the outcome once it is writable. */
  connect(descriptor: Descriptor, address: Uint8Array): number;
  listen(descriptor: Descriptor, address: Uint8Array, backlog: number): number;
  accept(descriptor: Descriptor): Descriptor | number;
  /** Writes the peer's address; returns its length. */
  peer(descriptor: Descriptor, address: Uint8Array): number;
  /** How many bytes came into `into`, which has room for one at least; 0 when the peer has ended. */
  receive(descriptor: Descriptor, into: Uint8Array): number;
  send(descriptor: Descriptor, from: Uint8Array): number;
  /** Nothing more will be sent. */
  finish(descriptor: Descriptor): number;
  /** The fault that the kernel holds for the socket; asked once, it is gone. */
  fault(descriptor: Descriptor): number;
  /** Once a descriptor. `ready` hears of what it wants: READABLE, WRITABLE, their sum, or a fault's negative number. */
  watch(descriptor: Descriptor, ready: (events: number) => void): number;
  want(descriptor: Descriptor, events: number): number;
  close(descriptor: Descriptor): number;
  /** Opens the device, asks it once, closes it; off the event loop. */
  exchangeNsm(path: string, request: Uint8Array): Promise<Uint8Array | number>;
  /** 1 to 512 bytes, counted as 8 bits of entropy each. */
  addEntropy(bytes: Uint8Array): number;
}

export const READABLE = 1;
export const WRITABLE = 2;

/** Loaded once a thread, when it is first needed. */
let loaded: Addon | null = null;

/** Errors: TRANSPORT_UNAVAILABLE where no addon was built for this platform. */
export function loadAddon(): Addon {
  loaded ??= load(`${process.platform}-${process.arch}`);
  return loaded;
}

function load(platform: string): Addon {
  const module = { exports: {} as Addon };
  try {
    // Nothing but this one file can be loaded in this way: no search, no package.
    process.dlopen(module, `${import.meta.dirname}/prebuilt/${platform}.node`);
  } catch (cause) {
    throw new SealroomError("TRANSPORT_UNAVAILABLE", { platform }, { cause });
  }
  return module.exports;
}
