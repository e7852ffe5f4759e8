/** Every limit of the SSH transports. Tests pass shorter ones. */
export interface SshTiming {
  /** For the TCP connection; the host's ConnectTimeout wins. */
  connectMs: number;
  /** For key exchange and login, without the time that people think. */
  handshakeMs: number;
  keepaliveIntervalMs: number;
  keepaliveCountMax: number;
  /** For one shell on a connection that is up. */
  openShellMs: number;
  /** For a place on one of the host's connections, unless whoever waits is patient. */
  queueMs: number;
  /** A shell may be asked for its place after this, when others wait. */
  tenureMs: number;
  /** A connection without shells is closed after this. */
  idleMs: number;
  /** New keys after so many bytes, or so long (RFC 4253 §9). */
  rekeyBytes: number;
  rekeyMs: number;
  /** How long a question waits for somebody to attend. */
  attendGraceMs: number;
}

/** The limits in use. */
export const defaultSshTiming: SshTiming = {
  connectMs: 10_000,
  handshakeMs: 20_000,
  keepaliveIntervalMs: 10_000,
  keepaliveCountMax: 3,
  openShellMs: 15_000,
  queueMs: 30_000,
  tenureMs: 2_000,
  idleMs: 600_000,
  rekeyBytes: 1024 ** 3,
  rekeyMs: 3_600_000,
  attendGraceMs: 2_000,
};
