/** A name or reason as one line that moves no cursor and makes no link: control characters and marks of direction become `?`. */
export function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what must not get through
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, "?");
}
