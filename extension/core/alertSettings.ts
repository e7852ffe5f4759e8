import * as z from "zod";
import { settingIds } from "./settings.ts";

/** What a person wants to be told of. */
export interface AlertSettings {
  isHostLostTold: boolean;
  isFaultTold: boolean;
  /** Degrees Celsius from which on a GPU is too hot; null: never. */
  hotAtC: number | null;
  /** How long it must be too hot. */
  hotForMs: number;
  /** Percent of its memory at which a GPU is almost full; null: never. */
  fullAtPct: number | null;
  /** The least time from one notification about a host to the next. */
  pauseMs: number;
}

const never: AlertSettings = {
  isHostLostTold: false,
  isFaultTold: false,
  hotAtC: null,
  hotForMs: 0,
  fullAtPct: null,
  pauseMs: 0,
};

/** The settings about alerts; the declared default where somebody wrote anything else. */
export function alertSettings(get: (id: string) => unknown): AlertSettings {
  const flag = (id: string, usual: boolean) => z.boolean().catch(usual).parse(get(id));
  const figure = (id: string, most: number, usual: number, least = 0) =>
    z.number().min(least).max(most).catch(usual).parse(get(id));
  if (!flag(settingIds.alertsEnabled, true)) return never;
  const hotAtC = figure(settingIds.alertTemperature, 150, 90);
  return {
    isHostLostTold: flag(settingIds.alertHostLost, true),
    isFaultTold: flag(settingIds.alertGpuFault, true),
    hotAtC: hotAtC === 0 ? null : hotAtC,
    hotForMs: figure(settingIds.alertTemperatureFor, 3_600, 10) * 1_000,
    fullAtPct: flag(settingIds.alertGpuMemory, false) ? figure(settingIds.alertGpuMemoryAt, 100, 95) : null,
    pauseMs: figure(settingIds.alertPause, 3_600, 60, 20) * 1_000,
  };
}
