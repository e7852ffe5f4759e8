import { randomBytes } from "node:crypto";

/** A new random id, such as `h-` and 16 hex digits. */
export function newId(prefix: string): string {
  return `${prefix}-${randomBytes(8).toString("hex")}`;
}

/** A mark that nobody can guess and that occurs in nothing else a host prints. */
export function newNonce(): string {
  return randomBytes(8).toString("hex");
}
