/** A colour of the theme as it is now, for a canvas. */
export function themeColour(name: string): string {
  return getComputedStyle(document.body).getPropertyValue(name).trim();
}

/** A font for a canvas: the theme's, small. */
export function smallFont(): string {
  return `11px ${themeColour("--vscode-font-family") || "sans-serif"}`;
}

/** So much of a colour, in percent, on another. */
export function mixed(colour: string, pct: number, on: string): string {
  return `color-mix(in srgb, ${colour} ${pct.toFixed(1)}%, ${on})`;
}

/** The same colour, mostly see-through. */
export function faint(colour: string): string {
  return `color-mix(in srgb, ${colour === "" ? "gray" : colour} 18%, transparent)`;
}

/** Tells when the theme changes. */
export function onThemeChange(run: () => void): void {
  const observer = new MutationObserver(run);
  observer.observe(document.body, { attributes: true, attributeFilter: ["class", "data-vscode-theme-id"] });
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
}
