/** Longest line and most characters per tick that are looked at; the rest is dropped and told of. */
export const maxLineLength = 16 * 1024;
export const maxTickLength = 4 * 1024 * 1024;

/** Cuts the script's output, however it comes in pieces, into lines, within limits. */
export class ProbeLines {
  readonly #onDropped: () => void;
  #partial = "";
  #skipsLine = false;
  #tickLength = 0;

  constructor(onDropped: () => void) {
    this.#onDropped = onDropped;
  }

  /** The lines that a piece of output completes. */
  *take(text: string): Generator<string> {
    let from = 0;
    for (let to = text.indexOf("\n"); to !== -1; from = to + 1, to = text.indexOf("\n", from)) {
      const line = this.#end(text.slice(from, to));
      if (line !== null) yield line;
    }
    this.#keep(text.slice(from));
  }

  /** A tick is over: the next one may have as much. */
  tick(): void {
    this.#tickLength = 0;
  }

  #end(end: string): string | null {
    const line = this.#partial + end;
    const isTooLong = this.#skipsLine || line.length > maxLineLength;
    this.#partial = "";
    this.#skipsLine = false;
    this.#tickLength += line.length;
    if (!isTooLong && (this.#tickLength <= maxTickLength || line === "T")) return line;
    this.#onDropped();
    return null;
  }

  #keep(piece: string): void {
    this.#partial += piece;
    if (!this.#skipsLine && this.#partial.length <= maxLineLength) return;
    this.#tickLength += this.#partial.length;
    this.#partial = "";
    this.#skipsLine = true;
  }
}
