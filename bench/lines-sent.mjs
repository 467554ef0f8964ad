import { fileURLToPath } from 'node:url'
import { serveFrom, startProcess } from './sender.mjs'
import { zipfLines } from './words.mjs'

/*
 * A process that serves lines over loopback TCP at a fixed rate. Every line begins with the time at which it was due,
 * which counts as its creation: if the sender or the receiver falls behind, the delay shows. A clock that restarted
 * with each line sent would hide that.
 */

/** Lines are due in intervals of this length. */
const SLOT_MS = 1
const LINES = 4096

/** Marks the first word of a line as a timestamp. */
const MARK = '@'

/** Microseconds of a clock that all processes of the machine share. */
export function nowMicros() {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Returns the time that a word stands for, in microseconds, or undefined for an ordinary word. */
export function momentOf(word) {
  return word.startsWith(MARK) ? Number(word.slice(1)) : undefined
}

/** Starts a sender. Each connection to `port` then gets `rate` lines per second; `stop` ends the process. */
export const startSender = (rate) => startProcess(fileURLToPath(import.meta.url), rate)

function serve(rate) {
  const zipf = zipfLines()
  const lines = Array.from({ length: LINES }, () => zipf.next().value)
  let turn = 0
  serveFrom((socket) => {
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
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve(Number(process.argv[2]))
