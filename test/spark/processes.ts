import { readdirSync, readFileSync } from 'node:fs'

export interface FoundProcess {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

/** The processes below another one, from /proc. */
export function processesBelow(root: number): FoundProcess[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => found(Number(name)))
  const below = new Set([root])
  for (let grew = true; grew; ) {
    const more = all.filter(({ pid, parent }) => below.has(parent) && !below.has(pid))
    grew = more.length > 0
    for (const { pid } of more) below.add(pid)
  }
  return all.filter(({ pid }) => pid !== root && below.has(pid))
}

/** Whether the same process still runs. */
export function isRunning({ pid, command }: FoundProcess): boolean {
  return found(pid).some((now) => now.command === command)
}

function found(pid: number): FoundProcess[] {
  try {
    const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))![1])
    return [{ pid, parent, command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') }]
  } catch {
    // It has ended meanwhile.
    return []
  }
}
