import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { zipfLines } from './words.mjs'

/* A process of its own that sends lines over loopback TCP as fast as each connection takes them. */

const CHUNK = 1 << 18

/** Starts a sender; `stop` ends the process. */
export async function startFlood() {
  const child = fork(fileURLToPath(import.meta.url), [], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
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

function serve() {
  let text = ''
  for (const line of zipfLines()) {
    text += `${line}\n`
    if (text.length >= CHUNK) break
  }
  const bytes = Buffer.from(text, 'latin1')
  const server = createServer((socket) => {
    const fill = () => {
      while (socket.write(bytes));
    }
    socket.on('drain', fill)
    // A reader that goes away in the middle of a write is how every run ends.
    socket.on('error', () => socket.destroy())
    fill()
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  // Without a parent there is nobody to serve.
  process.on('disconnect', () => process.exit())
}

if (process.argv[1] === fileURLToPath(import.meta.url)) serve()
