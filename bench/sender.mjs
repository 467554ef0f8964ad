import { fork } from 'node:child_process'
import { createServer } from 'node:net'

/** Starts a module, as a process of its own, that ends with `serveFrom`; `stop` ends the process. */
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

/** In that process: serves each connection, and reports the port to the parent. */
export function serveFrom(connected) {
  // Without Nagle's algorithm: otherwise a small piece waits up to 40 ms for the confirmation of the previous one.
  const server = createServer({ noDelay: true }, (socket) => {
    // Every run ends with a reader that disconnects in the middle of a write.
    socket.on('error', () => socket.destroy())
    connected(socket)
  })
  server.listen(0, '127.0.0.1', () => process.send(server.address().port))
  // Without a parent there is no reader.
  process.on('disconnect', () => process.exit())
}
