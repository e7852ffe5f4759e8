import { unsupportedReasons } from "./metric.ts";
import { unsupportedText } from "./unsupportedText.ts";

/** Why it cannot be told who uses a GPU, as words. A reason of a newer service passes as it is. */
export function unknownUseText(reason: string): string {
  switch (reason) {
    case "unlisted-memory":
      return "its memory is in use, but no process shows";
    case "unlisted-load":
      return "it is at work, but no process shows";
    case "divided":
      return "it is divided, and its parts are used one by one";
    case "unplaced":
      return "something runs there, and it is not told on which";
    case "denied":
      return "this login does not see its processes";
  }
  const known = unsupportedReasons.find((one) => one === reason);
  return known === undefined ? reason : unsupportedText(known);
}
