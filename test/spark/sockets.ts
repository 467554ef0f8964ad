import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Columns of a row of /proc/net/tcp. */
const LOCAL = 1
const REMOTE = 2
const QUEUES = 4
const INODE = 9

interface Row {
  readonly local: string
  readonly remote: string
  /** Bytes that have arrived and that its process has not read. */
  readonly unread: number
  readonly inode: string
}

/** Whether one process has sent bytes to another one over loopback that the other has not read, perhaps because it has not accepted the connection. */
export function hasUnread(from: number, to: number): boolean {
  const rows = ['tcp', 'tcp6'].flatMap(rowsOf)
  const [sends, reads] = [from, to].map((pid) => {
    const own = inodesOf(pid)
    return new Set(rows.filter(({ inode }) => own.has(inode)).map(({ local }) => local))
  }) as [Set<string>, Set<string>]
  // A connection that waits to be accepted has the local address of the socket that listens.
  return rows.some(({ unread, local, remote }) => unread > 0 && reads.has(local) && sends.has(remote))
}

function rowsOf(table: string): Row[] {
  const [, ...lines] = readFileSync(`/proc/net/${table}`, 'utf8').trim().split('\n')
  return lines.map((line) => {
    const fields = line.trim().split(/\s+/)
    const unread = Number.parseInt(fields[QUEUES]!.split(':')[1]!, 16)
    return { local: fields[LOCAL]!, remote: fields[REMOTE]!, unread, inode: fields[INODE]! }
  })
}

function inodesOf(pid: number): Set<string> {
  const folder = `/proc/${pid}/fd`
  const links = readdirSync(folder).map((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`)
    } catch {
      // It was closed meanwhile.
      return ''
    }
  })
  return new Set(links.map((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ''))
}
