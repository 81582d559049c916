// What a file or a section of an image holds: its size beforehand, and its bytes piece by piece, as often as asked.
import { open } from "node:fs/promises";
import { SealroomError } from "../../core/errors.ts";
import { encodeUtf8 } from "../../core/text/utf8.ts";
import { byteFile, readPieces } from "./byte-file.ts";

export interface Content {
  readonly size: number;
  pieces(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export function bytesContent(bytes: Uint8Array): Content {
  return { size: bytes.length, pieces: () => [bytes] };
}

export function textContent(text: string): Content {
  return bytesContent(encodeUtf8(text));
}

/** A file as it is now: one that changes its size before it is read is refused then. Errors: IMAGE_INPUT, IMAGE_CHANGED. */
export async function fileContent(path: string): Promise<Content> {
  const size = await withFile(path, (file) => Promise.resolve(file.size));
  return {
    size,
    pieces: async function* () {
      const handle = await open(path, "r");
      try {
        const file = await byteFile(handle);
        if (file.size !== size) throw new SealroomError("IMAGE_CHANGED", { file: path });
        yield* readPieces(file, 0, size);
      } finally {
        await handle.close();
      }
    },
  };
}

/** Opens a file that an image is made from. Errors: IMAGE_INPUT. */
export async function withFile<Value>(
  path: string,
  use: (file: Awaited<ReturnType<typeof byteFile>>) => Promise<Value>,
): Promise<Value> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new SealroomError("IMAGE_INPUT", { file: path }, { cause });
  });
  try {
    if (!(await handle.stat()).isFile()) throw new SealroomError("IMAGE_INPUT", { file: path });
    return await use(await byteFile(handle));
  } finally {
    await handle.close();
  }
}
