// A few copies of the sources for many sets of replacements, each made in the sources as they are, and undone. The rest
// is then in its place with the bytes that it had, so that what Node has compiled of it for one run serves the next.
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { copyTree, replaceOnce, ROOT } from "./tree.ts";
import type { Replacement, Tree } from "./tree.ts";
import { Turns } from "./turns.ts";

export class ReusedTrees {
  readonly #folders: readonly string[];
  readonly #turns: Turns;
  readonly #made: Tree[] = [];
  readonly #idle: Tree[] = [];

  /** `folders` are copied too. At most `atOnce` copies, each made when it is needed. */
  constructor(folders: readonly string[], atOnce: number) {
    this.#folders = folders;
    this.#turns = new Turns(atOnce);
  }

  /** Waits for its turn. Throws unless every `find` stood in its file exactly once. */
  async use<T>(replacements: readonly Replacement[], work: (root: string) => Promise<T>): Promise<T> {
    return this.#turns.take(async () => {
      const tree = this.#idle.pop() ?? (await this.#make());
      try {
        for (const replacement of replacements) await replaceOnce(tree.root, replacement);
        return await work(tree.root);
      } finally {
        for (const { file } of replacements) await copyFile(join(ROOT, file), join(tree.root, file));
        this.#idle.push(tree);
      }
    });
  }

  /** Work on the sources themselves, which waits for its turn as well. */
  async beside<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.take(work);
  }

  async remove(): Promise<void> {
    for (const tree of this.#made) await tree.remove();
  }

  async #make(): Promise<Tree> {
    const tree = await copyTree([], this.#folders);
    this.#made.push(tree);
    return tree;
  }
}
