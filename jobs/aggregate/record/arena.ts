// Who has the memory of the record loops. A thread works on one object at a time, and that object's pass keeps it to its
// end; whoever else asks for it meanwhile gets it, and the one before goes on without.
import { SealroomError } from "../../../core/errors.ts";
import { RECORD_MEMORY } from "../wasm/record-kernels.ts";

export interface ArenaUser {
  /** Takes along what it has there. */
  leaveArena(): void;
}

interface Views {
  readonly buffer: ArrayBuffer;
  readonly bytes: Uint8Array;
  readonly int32: Int32Array;
  readonly float64: Float64Array;
}

function viewsOf(buffer: ArrayBuffer): Views {
  return {
    buffer,
    bytes: new Uint8Array(buffer),
    int32: new Int32Array(buffer),
    float64: new Float64Array(buffer),
  };
}

class Arena {
  #user: ArenaUser | null = null;
  #views: Views = viewsOf(RECORD_MEMORY.buffer);

  claim(user: ArenaUser): void {
    const before = this.#user;
    this.#user = user;
    if (before !== null && before !== user) before.leaveArena();
  }

  release(user: ArenaUser): void {
    if (this.#user === user) this.#user = null;
  }

  /** Of all of it. A user looks anew after each `reserve`. */
  get views(): Views {
    if (this.#views.buffer !== RECORD_MEMORY.buffer) this.#views = viewsOf(RECORD_MEMORY.buffer);
    return this.#views;
  }

  /** That there are so many bytes. Errors: AGGREGATE_GROUPS, where there are not: what grows is the groups' state. */
  reserve(bytes: number): void {
    if (!RECORD_MEMORY.grow(bytes)) throw new SealroomError("AGGREGATE_GROUPS");
  }
}

/** One for each thread. */
export const ARENA: Arena = new Arena();
