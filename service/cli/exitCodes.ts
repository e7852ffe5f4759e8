/** Exit codes that scripts rely on. */
export const exitCodes = {
  done: 0,
  usage: 2,
  unreachable: 3,
  refused: 4,
  verificationFailed: 5,
  interrupted: 130,
  /** `dispatch --follow`: a failure of ours, as opposed to the job's own exit code. */
  ours: 255,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
