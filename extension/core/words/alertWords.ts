const several = (names: readonly string[]) => {
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
};

/** What is said in notifications about hosts and GPUs that need somebody. */
export const alertWords = {
  lost: (host: string, reason: string | null) =>
    reason === null ? `${host} was lost: it does not answer any more.` : `${host} was lost: ${reason}.`,
  back: (host: string) => `${host} is back.`,
  gpu: (index: number | null, name: string | null) =>
    index === null ? (name ?? "A GPU") : `GPU ${index}${name === null ? "" : ` (${name})`}`,
  fault: (host: string, gpus: readonly string[], detail: string | null) => {
    const what =
      gpus.length === 0 ? `${host} has a problem with its GPUs` : `${several(gpus)} on ${host} is in fault`;
    return detail === null ? `${what}.` : `${what}: ${detail}`;
  },
  degrees: (gpu: string, celsius: number) => `${gpu} is at ${Math.round(celsius)} °C`,
  hot: (host: string, gpus: readonly string[]) => `${host} is too hot: ${several(gpus)}.`,
  percent: (gpu: string, percent: number) => `${gpu} is ${Math.floor(percent)} % full`,
  full: (host: string, gpus: readonly string[]) => `GPU memory on ${host} is running out: ${several(gpus)}.`,
  severalHosts: {
    lost: (names: readonly string[]) => `${names.length} hosts were lost: ${several(names)}.`,
    back: (names: readonly string[]) => `${names.length} hosts are back: ${several(names)}.`,
    fault: (names: readonly string[]) => `GPUs of ${names.length} hosts are in fault: ${several(names)}.`,
    hot: (names: readonly string[]) => `GPUs of ${names.length} hosts are too hot: ${several(names)}.`,
    full: (names: readonly string[]) =>
      `GPU memory of ${names.length} hosts is running out: ${several(names)}.`,
  },
  showHost: "Show Host",
  showDashboard: "Show Dashboard",
  mute: "Mute This Host for Today",
  settings: "Settings…",
  muted: (host: string) => `${host} is muted for today.`,
  toldElsewhere: "An alert is muted, or another window tells it:",
  notKept: (detail: string) => `What was told of hosts could not be kept: ${detail}`,
} as const;
