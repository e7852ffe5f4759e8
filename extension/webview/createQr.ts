import type { InviteModel } from "../core/panels/inviteSchema.ts";
import { setAttribute } from "./dom.ts";

const svg = "http://www.w3.org/2000/svg";

/** Draws a QR code: black on white in every theme, as readers want it. */
export function createQr(): { root: Element; show(qr: InviteModel["qr"], label: string): void } {
  const root = document.createElementNS(svg, "svg");
  root.setAttribute("role", "img");
  root.setAttribute("shape-rendering", "crispEdges");
  const ground = document.createElementNS(svg, "rect");
  ground.setAttribute("fill", "#fff");
  ground.setAttribute("width", "100%");
  ground.setAttribute("height", "100%");
  const dark = document.createElementNS(svg, "path");
  dark.setAttribute("fill", "#000");
  root.append(ground, dark);
  return {
    root,
    show({ size, path }, label) {
      setAttribute(root, "viewBox", `0 0 ${size} ${size}`);
      setAttribute(root, "aria-label", label);
      setAttribute(dark, "d", path);
    },
  };
}
