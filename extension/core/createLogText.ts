/** Turns a log's raw bytes into what a terminal takes. */
export interface LogText {
  /** Text of the next bytes; a character cut in two comes with the bytes that complete it. */
  next(bytes: Uint8Array): string;
  /** What is left of a character that was never completed. */
  end(): string;
}

/**
 * Streaming UTF-8, invalid bytes as U+FFFD. A line feed alone becomes carriage return and line feed, so that the next line
 * starts at the left; a carriage return alone passes, so that progress bars draw over themselves.
 */
export function createLogText(): LogText {
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let endedInReturn = false;

  function withReturns(text: string): string {
    if (text === "") return "";
    const whole = text.replace(/(?<!\r)\n/g, "\r\n");
    const fixed = endedInReturn && text.startsWith("\n") ? whole.slice(1) : whole;
    endedInReturn = text.endsWith("\r");
    return fixed;
  }

  return {
    next: (bytes) => withReturns(decoder.decode(bytes, { stream: true })),
    end: () => withReturns(decoder.decode()),
  };
}
