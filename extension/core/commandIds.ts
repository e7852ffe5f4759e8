/** Every command of the extension. Tested against package.json, which gives each its title. */
export const commandIds = {
  join: "hwledger.join",
  leave: "hwledger.leave",
  reconnect: "hwledger.reconnect",
  dispatch: "hwledger.dispatch",
  cancelJob: "hwledger.cancelJob",
  showLog: "hwledger.showLog",
  copyJobId: "hwledger.copyJobId",
  setRate: "hwledger.setRate",
  logIn: "hwledger.logIn",
  openDashboard: "hwledger.openDashboard",
  openHost: "hwledger.openHost",
} as const;

/** Identifier of a command of the extension. */
export type CommandId = (typeof commandIds)[keyof typeof commandIds];
