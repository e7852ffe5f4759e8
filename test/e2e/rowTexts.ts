import type { LabGpu } from "../lab/labGpuFiles.ts";
import type { Editor } from "../support/editor/editor.ts";

/**
 * Of the rows of GPUs that are drawn: the text of each as far as the end of its power, and how many pixels are left from
 * there to the row's edge; those of the dots are taken off, which stand for what is cut off behind.
 */
export function roomAfterPower({ page }: Editor): Promise<{ text: string; roomPx: number }[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('.pane-body .monaco-list-row[aria-level="2"]')].flatMap((row) => {
      const description = row.querySelector(".label-description");
      const [node, end] = [description?.firstChild, /\d+W\b/.exec(description?.textContent ?? "")];
      if (!description || !node || !end) return [];
      const range = document.createRange();
      range.setStart(node, 0);
      range.setEnd(node, end.index + end[0].length);
      const edge = row.querySelector(".monaco-icon-label-container")!.getBoundingClientRect().right;
      const dotsPx = Number.parseFloat(getComputedStyle(description).fontSize);
      return [{ text: range.toString(), roomPx: edge - dotsPx - range.getBoundingClientRect().right }];
    }),
  );
}

/** What the tree has to say of a GPU whose figures the lab made up. */
export function gpuText(gpu: LabGpu): string {
  const model = gpu.name.replace(/^NVIDIA (GeForce )?/, "");
  const label = `GPU ${gpu.index}`;
  const gib = (mib: number) => (mib / 1024).toFixed(mib < 10 * 1024 ? 1 : 0);
  const { utilizationPct: load, memoryUsedMib: used, memoryTotalMib: total, temperatureC, powerW } = gpu;
  if (load === null) return `${label}: faulty: its figures cannot be read · ${model}`;
  const between = Math.min(6, Math.max(1, Math.round((load * 7) / 100)));
  const figures = [
    "▁▂▃▄▅▆▇█".charAt(load === 0 ? 0 : load === 100 ? 7 : between),
    `${load}%`,
    used === null || total === null ? "unified" : `${gib(used)}/${gib(total)}G`,
    `${temperatureC}°`,
    ...(powerW === null ? [] : [`${Math.round(powerW)}W`]),
  ];
  return `${label}: ${figures.join(" ")} · ${model.replace(" 80GB HBM3", "")}`;
}
