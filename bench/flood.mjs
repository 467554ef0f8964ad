import { fileURLToPath } from 'node:url'
import { serveFrom, startProcess } from './sender.mjs'
import { zipfLines } from './words.mjs'

/* A process of its own that sends lines over loopback TCP as fast as each connection takes them. */

const CHUNK = 1 << 18

/** Starts a sender; `stop` ends the process. */
export const startFlood = () => startProcess(fileURLToPath(import.meta.url))

function serve() {
  let text = ''
  for (const line of zipfLines()) {
    text += `${line}\n`
    if (text.length >= CHUNK) break
  }
  const bytes = Buffer.from(text, 'latin1')
  serveFrom((socket) => {
    const fill = () => {
      while (socket.write(bytes));
    }
    socket.on('drain', fill)
    fill()
  })
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve()
