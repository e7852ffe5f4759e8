/** Settings of the extension, as package.json declares them; their values are read anew each time. */
export const settingIds = {
  nodePath: "hwledger.nodePath",
  dataFolder: "hwledger.dataFolder",
  startAutomatically: "hwledger.startServiceAutomatically",
  groupHostsBy: "hwledger.hosts.groupBy",
  alertsEnabled: "hwledger.alerts.enabled",
  alertHostLost: "hwledger.alerts.hostLost",
  alertGpuFault: "hwledger.alerts.gpuFault",
  alertTemperature: "hwledger.alerts.temperatureCelsius",
  alertTemperatureFor: "hwledger.alerts.temperatureSeconds",
  alertPause: "hwledger.alerts.pauseSeconds",
  alertGpuMemory: "hwledger.alerts.gpuMemory",
  alertGpuMemoryAt: "hwledger.alerts.gpuMemoryPercent",
} as const;

export type SettingId = (typeof settingIds)[keyof typeof settingIds];

/** What the Hosts view groups by. */
export const hostGroupings = ["none", "status", "source"] as const;
export type HostGrouping = (typeof hostGroupings)[number];
