import { formatBytes } from "../core/figures.ts";
import { axisBytes } from "../core/panels/axisBytes.ts";
import type { HostPanelModel } from "../core/panels/hostSchema.ts";
import { panelWords } from "../core/words/panelWords.ts";
import { createChart, type Chart, type ChartFrame, type ChartKind } from "./createChart.ts";
import { arrangeChildren, element, setText } from "./dom.ts";
import type { PictureSection } from "./hostPicture.ts";
import { onThemeChange } from "./themeColours.ts";

const words = panelWords.charts;
const percent = { format: (pct: number) => `${Math.round(pct)} %`, axisFormat: (pct: number) => `${pct} %` };
/** Steps of an axis in bytes: powers of two from a mebibyte on. */
const byteSteps = Array.from({ length: 24 }, (_, power) => 1_048_576 * 2 ** power);
const bytes = {
  steps: byteSteps,
  format: formatBytes,
  axisFormat: axisBytes,
};
const kinds = {
  cpu: { title: words.cpu, ...percent, colour: "--vscode-charts-blue" },
  load: { title: words.load, ...percent, colour: "--vscode-charts-blue" },
  memory: { title: words.memory, ...bytes, colour: "--vscode-charts-purple" },
  temperature: {
    title: words.temperature,
    format: (celsius) => `${Math.round(celsius)} °C`,
    axisFormat: (celsius) => `${Math.round(celsius)} °C`,
    colour: "--vscode-charts-yellow",
  },
  power: {
    title: words.power,
    format: (watts) => `${Math.round(watts)} W`,
    axisFormat: (watts) => `${Math.round(watts)} W`,
    colour: "--vscode-charts-green",
  },
} as const satisfies Record<string, ChartKind>;
type KindName = keyof typeof kinds;

interface Section {
  root: HTMLElement;
  title: HTMLElement;
  use: HTMLElement;
  charts: Map<KindName, Chart>;
}

/** The charts of a host: one section for the machine, one for each GPU. */
export function createHostCharts(frame: ChartFrame): {
  root: HTMLElement;
  show(model: Pick<HostPanelModel, "host" | "metrics">): void;
  /** The charts as they are drawn, for a picture of all. */
  pictures(): PictureSection[];
} {
  const root = element("div", { class: "charts" });
  const sections = new Map<string, Section>();

  function sectionOf(id: string, names: readonly KindName[]): Section {
    const known = sections.get(id);
    if (known) return known;
    const charts = new Map(names.map((name) => [name, createChart(kinds[name], frame)]));
    const grid = element("div", { class: "grid" }, ...[...charts.values()].map((chart) => chart.root));
    const title = element("h2");
    const use = element("span", { class: "muted" });
    const made = {
      root: element("section", {}, element("div", { class: "section-head" }, title, use), grid),
      title,
      use,
      charts,
    };
    sections.set(id, made);
    return made;
  }

  function show(model: Pick<HostPanelModel, "host" | "metrics">): void {
    const { host, metrics } = model;
    if (!host) return;
    const atS = metrics.atMs.map((ms) => ms / 1_000);
    const machine = sectionOf("machine", ["cpu", "memory"]);
    const uuids = ["machine", ...host.gpus.map(({ uuid }) => uuid)];
    const gpus = host.gpus.map((gpu) => {
      const section = sectionOf(gpu.uuid, ["load", "memory", "temperature", "power"]);
      setText(section.title, gpu.title);
      setText(section.use, gpu.use);
      return { gpu, section, read: metrics.gpus.find(({ uuid }) => uuid === gpu.uuid) };
    });
    // In the page before they draw: a chart that is nowhere has no width.
    arrangeChildren(root, [...gpus.map(({ section }) => section.root), machine.root]);
    for (const [id, section] of sections) {
      if (uuids.includes(id)) continue;
      for (const chart of section.charts.values()) chart.dispose();
      sections.delete(id);
    }
    setText(machine.title, panelWords.host.machine);
    machine.charts.get("cpu")?.show({ figure: host.cpu, atS, values: metrics.cpuPct }, host.name);
    machine.charts
      .get("memory")
      ?.show({ figure: host.memory, atS, values: metrics.memoryUsedBytes }, host.name);
    const none = atS.map(() => null);
    for (const { gpu, section, read } of gpus) {
      const put = (name: Exclude<KindName, "cpu">, values: readonly (number | null)[] = none): void =>
        section.charts.get(name)?.show({ figure: gpu[name], atS, values }, gpu.title);
      put("load", read?.utilizationPct);
      put("memory", read?.memoryUsedBytes);
      put("temperature", read?.temperatureC);
      put("power", read?.powerW);
    }
  }

  onThemeChange(() => {
    for (const { charts } of sections.values()) for (const chart of charts.values()) chart.redraw();
  });
  return {
    root,
    show,
    pictures: () =>
      [...root.children].flatMap((part) =>
        [...sections.values()]
          .filter((section) => section.root === part)
          .map(({ title, charts }) => ({
            title: title.textContent,
            charts: [...charts.values()].map((chart) => chart.picture()),
          })),
      ),
  };
}
