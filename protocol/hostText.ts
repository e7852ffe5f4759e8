// eslint-disable-next-line no-control-regex -- escape sequences are what this is about (ECMA-48 §5.4, §8.3)
const escapes = /\u001b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[ -/]*[0-~]|)/g;
// eslint-disable-next-line no-control-regex -- control characters and marks of direction are what this is about
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g;

/**
 * Words of a host as they may enter a problem, a record or an event: the last so many UTF-16 units of them, without
 * terminal sequences and control characters, and no half of a surrogate pair, which has no canonical JSON.
 */
export function hostText(text: string, limit = 500): string {
  const flat = text.replace(escapes, "").replace(controls, " ").trim();
  return flat
    .slice(-limit)
    .replace(/^[\udc00-\udfff]/, "")
    .toWellFormed();
}
