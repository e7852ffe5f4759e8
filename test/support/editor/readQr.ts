import jsQR from "jsqr";
import type { Locator } from "playwright-core";

/** What a camera reads of a QR code on the screen; null when it reads nothing. */
export async function readQr(shown: Locator): Promise<string | null> {
  const png = (await shown.screenshot()).toString("base64");
  // The browser knows how to unpack a picture.
  const picture = await shown.page().evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const { width, height } = bitmap;
    const pen = new OffscreenCanvas(width, height).getContext("2d")!;
    pen.drawImage(bitmap, 0, 0);
    return { width, height, data: [...pen.getImageData(0, 0, width, height).data] };
  }, png);
  return jsQR.default(Uint8ClampedArray.from(picture.data), picture.width, picture.height)?.data ?? null;
}
