/** What the script passes on of a tool that it asks for GPUs. */
export type ToolLine =
  /** The tool is asked, and is to say something every so often. */
  | { kind: "asked"; everyMs: number }
  /** A whole answer of a tool that ends by itself. */
  | { kind: "answer"; name: string; text: string; code: number }
  /** A line of a tool that runs on. */
  | { kind: "text"; text: string }
  /** A tool that runs on has ended. */
  | { kind: "exit"; code: number }
  /** Nothing is asked, since these GPUs sleep; it is looked again every so often. */
  | { kind: "asleep"; everyMs: number; pciAddresses: readonly string[] }
  /** A process of the tool hangs in the driver. */
  | { kind: "wedged" };

const maxLines = 10_000;
const maxLength = 1024 ** 2;

/**
 * Puts the lines `X` of the script together: `#begin SECONDS NAME` and `#end CODE` around an answer, `#run SECONDS` before and
 * `#exit CODE` after the lines of a tool that runs on, `#asleep SECONDS PCI,…`, `#wedged`.
 */
export class ToolLines {
  #answer: { name: string; lines: string[]; length: number } | null = null;

  /** Takes a line; null where it is a part of something, or makes no sense. */
  line(text: string): ToolLine | null {
    if (!text.startsWith("#")) return this.#text(text);
    const [word, first = "", second = ""] = text.split(" ");
    if (word === "#wedged") return { kind: "wedged" };
    const number = /^\d{1,4}$/.test(first) ? Number(first) : null;
    if (number === null) return null;
    if (word === "#end") return this.#end(number);
    if (word === "#exit") return { kind: "exit", code: number };
    return number < 1 || number > 3_600 ? null : this.#every(word ?? "", number * 1_000, second);
  }

  #every(word: string, everyMs: number, what: string): ToolLine | null {
    switch (word) {
      case "#begin":
        this.#answer = { name: what, lines: [], length: 0 };
        return { kind: "asked", everyMs };
      case "#run":
        this.#answer = null;
        return { kind: "asked", everyMs };
      case "#asleep":
        return { kind: "asleep", everyMs, pciAddresses: what.toLowerCase().split(",").slice(0, 256) };
      default:
        return null;
    }
  }

  #text(text: string): ToolLine | null {
    const answer = this.#answer;
    if (answer === null) return { kind: "text", text };
    answer.length += text.length;
    if (answer.lines.length < maxLines && answer.length <= maxLength) answer.lines.push(text);
    return null;
  }

  #end(code: number): ToolLine | null {
    const answer = this.#answer;
    this.#answer = null;
    if (answer === null) return null;
    return { kind: "answer", name: answer.name, text: answer.lines.join("\n"), code };
  }
}
