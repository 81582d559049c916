// What has been seen to be possible: the furthest that each cell strayed in any possible table found so far. One such
// table often settles many cells, so few need a search of their own.

export class Seen {
  readonly up: Float64Array;
  readonly down: Float64Array;

  constructor(cells: number) {
    this.up = new Float64Array(cells);
    this.down = new Float64Array(cells);
  }

  /** `deviation` is that of a table in which all released cells and all relations hold. */
  note(cell: number, deviation: number): void {
    if (deviation > (this.up[cell] ?? 0)) this.up[cell] = deviation;
    if (-deviation > (this.down[cell] ?? 0)) this.down[cell] = -deviation;
  }

  width(cell: number): number {
    return (this.up[cell] ?? 0) + (this.down[cell] ?? 0);
  }
}
