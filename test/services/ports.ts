import { randomInt } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Below the range from which Linux takes the ports of outgoing connections (32768 and up). In that range another
 * process may get the port while its server is down, and a client that tries to connect may get it itself: then it is
 * connected to itself.
 */
const FIRST = 10_240
const LAST = 32_000
/** A file for each port that a living process has, with its id. */
const RESERVED = join(tmpdir(), `millrace-test-ports-${process.getuid?.() ?? ''}`)
const mine = new Set<string>()

/** A port of the loopback interface that nothing listens on. No other test gets it while this process lives. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, LAST)
    if (reserve(port) && (await isFree(port))) return port
  }
}

function reserve(port: number): boolean {
  const file = join(RESERVED, String(port))
  mkdirSync(RESERVED, { recursive: true })
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' })
    if (mine.size === 0) process.once('exit', release)
    mine.add(file)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    removeIfLeft(file)
    return false
  }
}

function release(): void {
  for (const file of mine) rmSync(file, { force: true })
}

/** A process that was killed leaves its files. */
function removeIfLeft(file: string): void {
  try {
    // An empty file is being written: 0 stands for this process.
    process.kill(Number(readFileSync(file, 'utf8')), 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') rmSync(file, { force: true })
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
