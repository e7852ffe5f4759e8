import { encode } from "uqr";

/** A QR code to draw: a square of `size` modules, quiet zone included, and the dark ones as an SVG path. */
export interface QrCode {
  size: number;
  path: string;
}

/** The least that the standard asks for (ISO/IEC 18004, 6.3.8). */
const quietZone = 4;

/** The QR code of a text, with medium error correction. */
export function qrCode(text: string): QrCode {
  const { size, data } = encode(text, { ecc: "M", border: quietZone });
  const runs = data.flatMap((row, y) =>
    darkRuns(row).map(({ x, length }) => `M${x} ${y}h${length}v1h-${length}z`),
  );
  return { size, path: runs.join("") };
}

function darkRuns(row: readonly boolean[]): { x: number; length: number }[] {
  const runs: { x: number; length: number }[] = [];
  row.forEach((isDark, x) => {
    if (!isDark) return;
    const last = runs.at(-1);
    if (last && last.x + last.length === x) last.length += 1;
    else runs.push({ x, length: 1 });
  });
  return runs;
}
