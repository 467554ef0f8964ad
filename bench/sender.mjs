import { fork } from 'node:child_process'
import { createServer } from 'node:net'

/** Starts a module as a process of its own that ends with `serveFrom`; `stop` ends the process. */
export async function startProcess(module, ...args) {
  const child = fork(module, args.map(String), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
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

/** In that process: serves each connection, and tells the parent where. */
export function serveFrom(connected) {
  // What is due is sent: otherwise a small piece waits for the reader to confirm the one before, up to 40 ms.
  const server = createServer({ noDelay: true }, (socket) => {
    // A reader that goes away in the middle of a write is how every run ends.
    socket.on('error', () => socket.destroy())
    connected(socket)
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  // Without a parent there is nobody to serve.
  process.on('disconnect', () => process.exit())
}
