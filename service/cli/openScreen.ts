import type { Terminal } from "./terminal.ts";

/** Text that is drawn again in place. */
export interface Screen {
  /** Draws now; where stdout is no terminal it is written at its own pace only. */
  draw(): void;
  close(): void;
}

const redrawMs = 1_000;

/** Draws text again in place once a second; below one another where stdout is no terminal. */
export function openScreen(stdout: Terminal["stdout"], text: () => string): Screen {
  let drawnLines = 0;

  function redraw(): void {
    if (stdout.isTTY !== true) return void stdout.write(`${text()}\n`);
    const lines = fitToScreen(text(), stdout.columns ?? 0, stdout.rows ?? 0);
    const up = drawnLines > 0 ? `\u001b[${drawnLines}A\r` : "";
    stdout.write(`${up}${lines.map((line) => `${line}\u001b[K`).join("\n")}\n\u001b[J`);
    drawnLines = lines.length;
  }
  /** After a resize lines drawn before may have wrapped: begin anew on a clear screen. */
  function onResize(): void {
    stdout.write("\u001b[2J\u001b[H");
    drawnLines = 0;
    redraw();
  }

  const timer = setInterval(redraw, redrawMs);
  stdout.on("resize", onResize);
  return {
    draw() {
      if (stdout.isTTY === true) redraw();
    },
    close() {
      clearInterval(timer);
      stdout.off("resize", onResize);
    },
  };
}

/** Lines that fit into so many columns and, with one left for the cursor, rows; 0 is any number. */
export function fitToScreen(text: string, columns: number, rows: number): string[] {
  const lines = text.split("\n").map((line) => cut(line, columns));
  const room = rows === 0 ? lines.length : Math.max(1, rows - 1);
  if (lines.length <= room) return lines;
  return [...lines.slice(0, room - 1), cut(`… ${lines.length - room + 1} more lines`, columns)];
}

/** A line cut to a width, styles not counted. */
function cut(line: string, width: number): string {
  if (width === 0) return line;
  let seen = 0;
  let out = "";
  // eslint-disable-next-line no-control-regex -- styles are escape sequences
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    if (part.startsWith("\u001b")) out += part;
    else {
      const letters = Array.from(part);
      out += letters.slice(0, width - seen).join("");
      seen = Math.min(width, seen + letters.length);
    }
  }
  return out;
}
