import { randomBytes } from "node:crypto";

/** A new random id, such as `h-` and 16 hex digits. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(8).toString("hex")}`;
}
