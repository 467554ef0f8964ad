import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { zipfLines } from './words.mjs'

/*
 * A process of its own that serves lines over loopback TCP, so many a second. Every line begins with the moment it was
 * due, which is also when it counts as created: if the sender or the receiver falls behind, the delay shows. A clock
 * that started again with each line sent would hide just that.
 */

/** Lines are due in slots of so long. */
const SLOT_MS = 1
const LINES = 4096

/** Marks the first word of a line as a moment. */
const MARK = '@'

/** Microseconds of a clock that all processes of the machine share. */
export function nowMicros() {
  return Number(process.hrtime.bigint() / 1000n)
}

/** The moment that a word stands for, in microseconds, or undefined for an ordinary word. */
export function momentOf(word) {
  return word.startsWith(MARK) ? Number(word.slice(1)) : undefined
}

/** Starts a sender. Each connection to `port` gets `rate` lines a second from then on; `stop` ends the process. */
export async function startSender(rate) {
  const child = fork(fileURLToPath(import.meta.url), [String(rate)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const port = await new Promise((resolve, reject) => {
    child.once('message', resolve)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`The sender ended with code ${code} before it listened.`)))
  })
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', resolve)
        child.kill()
      }),
  }
}

function serve(rate) {
  const zipf = zipfLines()
  const lines = Array.from({ length: LINES }, () => zipf.next().value)
  let turn = 0
  const server = createServer((socket) => {
    const begun = nowMicros()
    let slots = 0
    let sent = 0
    const timer = setInterval(() => {
      const due = Math.floor((nowMicros() - begun) / 1000 / SLOT_MS)
      let text = ''
      for (; slots < due; slots++) {
        const mark = `${MARK}${begun + slots * SLOT_MS * 1000} `
        for (const until = Math.floor(((slots + 1) * SLOT_MS * rate) / 1000); sent < until; sent++) {
          text += mark + lines[turn++ % LINES]
        }
      }
      if (text !== '') socket.write(text, 'latin1')
    }, SLOT_MS)
    socket.on('close', () => clearInterval(timer))
    // A reader that goes away in the middle of a write is how every run ends.
    socket.on('error', () => socket.destroy())
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  // Without a parent there is nobody to serve.
  process.on('disconnect', () => process.exit())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]))
