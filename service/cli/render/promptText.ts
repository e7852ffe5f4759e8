import type { Prompt } from "../../../protocol/prompt.ts";
import { printable } from "./table.ts";

/** The question as it stands before the cursor. */
export function promptText(prompt: Prompt): string {
  const text = prompt.text.split("\n").map(printable).join("\n").trimEnd();
  if (prompt.kind !== "host-key") return `${prompt.host}: ${text}${/[:?]$/.test(text) ? "" : ":"} `;
  const fingerprint = prompt.fingerprint ?? "";
  const shown = text.includes(fingerprint) ? text : `${text}\n  ${fingerprint}`;
  return `${shown}\nCompare it with what the owner of ${prompt.host} sees. Type yes to trust it: `;
}
