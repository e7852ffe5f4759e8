import { Writable } from "node:stream";
import { hideSecrets } from "../../protocol/hideSecrets.ts";
import { cleanLogLine } from "../cleanLogLine.ts";

/** What is written into it goes on into `output` at once, without secrets: each write for itself; JSON stays JSON. */
export function cleanedOutput(output: Writable): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      output.write(cleaned(String(chunk)), done);
    },
  });
}

function cleaned(text: string): string {
  try {
    JSON.parse(text);
  } catch {
    return hideSecrets(text);
  }
  return cleanLogLine(text);
}
