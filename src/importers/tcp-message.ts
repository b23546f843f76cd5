// What XNU says of a TCP connection in the unified log (bsd/netinet/tcp_log.c: TCP_LOG_COMMON_PCB_FMT and the
// two that build on it):
//
//   tcp connect outgoing: [L:port<->R:port] interface: en0 (skipped: 0)\nso_gencnt: 7 t_state: SYN_SENT process: name:pid SYN in/out: ...
//   tcp_connection_summary (tcp_close:1797)[L:port<->R:port] interface: ... process: name:pid Duration: 5.1 sec ... bytes in/out: 20/10 ...
//
// Addresses read <IPv4-redacted> unless the sysctl net.inet.ip.log.privacy is 0.

export type TcpMessage = {
  of: 'outgoing' | 'incoming' | 'summary'
  local: string
  localPort: number
  remote: string
  remotePort: number
  /** Names a socket within a boot. */
  socket: string
  process: string
  pid: number
  /** Messages that the kernel's rate limit has kept back since boot. */
  skipped: number
  bytesIn: number
  bytesOut: number
}

/** Longest message that is looked at; the kernel's are some 500. */
const MESSAGE_CHARS_MAX = 4_096
const CONNECTION =
  /\[([0-9A-Za-z.:<>-]{1,64}):([0-9]{1,5})<->([0-9A-Za-z.:<>-]{1,64}):([0-9]{1,5})\] interface: \S* ?\(skipped: ([0-9]{1,15})\)\s+so_gencnt: ([0-9]{1,20}) t_state: \S+ process: ([^\n]{0,64}?):([0-9]{1,10}) /
const BYTES = /bytes in\/out: ([0-9]{1,16})\/([0-9]{1,16}) /

/** undefined when it is no such message. A duration alone marks the first of the two that a summary has. */
export function parseTcpMessage(text: string): TcpMessage | undefined {
  if (text.length > MESSAGE_CHARS_MAX) return undefined
  const of = text.startsWith('tcp connect outgoing')
    ? 'outgoing'
    : text.startsWith('tcp connect incoming')
      ? 'incoming'
      : text.startsWith('tcp_connection_summary') && text.includes(' Duration: ')
        ? 'summary'
        : undefined
  const match = of && CONNECTION.exec(text)
  const bytes = match && BYTES.exec(text)
  if (!of || !match || !bytes) return undefined
  const [, local = '', localPort, remote = '', remotePort, skipped, socket = '', name = '', pid] =
    match
  const numbers = {
    localPort: Number(localPort),
    remotePort: Number(remotePort),
    skipped: Number(skipped),
    pid: Number(pid),
    bytesIn: Number(bytes[1]),
    bytesOut: Number(bytes[2]),
  }
  const isPossible =
    numbers.localPort <= 65_535 &&
    numbers.remotePort <= 65_535 &&
    numbers.pid <= 0x7fffffff &&
    Number.isSafeInteger(numbers.bytesIn) &&
    Number.isSafeInteger(numbers.bytesOut)
  return isPossible ? { of, local, remote, socket, process: name, ...numbers } : undefined
}
