/** The PCI address in a text about one GPU, as the kernel writes it, `0000:02:00.0`; null when it names none. */
export function pciAddressIn(text: string): string | null {
  const match = /([0-9a-f]{4}):([0-9a-f]{2}):([0-9a-f]{2})\.([0-9a-f])/i.exec(text);
  return match === null ? null : match[0].toLowerCase();
}
