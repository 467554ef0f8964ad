/**
 * The file that Piscina loads first in a worker. It imports the real entry and forwards every message to it.
 *
 * Piscina calls `require` on the file before it tries `import`, and swallows the errors of the first. With an ES module
 * that is dangerous on Node 20.19 and later, where `require` loads ES modules:
 * - a worker that is terminated inside this `require` fails an assertion of Node (CreateRequiredModuleFacade), which
 *   aborts the whole process. Without this file, about one in a hundred terminations during a boot did so;
 * - if a module behind the entry cannot be loaded, the second try fails another assertion instead of naming the module.
 *
 * A CommonJS file that imports the entry does neither, and the true error becomes the answer to the attach message.
 */
const { MessagePort, workerData } = require('node:worker_threads') as typeof import('node:worker_threads')

type Handler = (message: unknown) => Promise<unknown>
const entry = (workerData as { readonly entry: string }).entry
let handler: Handler | undefined

async function load(message: unknown): Promise<unknown> {
  const module = (await import(entry)) as { readonly default?: unknown }
  if (typeof module.default !== 'function') {
    throw new TypeError(`The worker entry ${entry} has no function as its default export; make one with serve().`)
  }
  handler = module.default as Handler
  return handler(message)
}

// The first message, attach, is alone: others follow when it is answered.
module.exports = (message: unknown) => (handler ? handler(message) : load(message))

// Piscina ignores a message that cannot be deserialized, so its task would wait for its timeout. Piscina listens on the
// port of tasks as soon as it has loaded this file, so that port is the first to get a listener.
type On = typeof MessagePort.prototype.on
const ports = MessagePort.prototype as { on?: On }
const { on } = MessagePort.prototype
ports.on = function (this: InstanceType<typeof MessagePort>, ...listener: Parameters<On>) {
  // The method that was there is inherited.
  delete ports.on
  on.call(this, 'messageerror', refuseMessage)
  return on.apply(this, listener)
} as On

function refuseMessage(cause: Error): never {
  const why = `the thread cannot deserialize a message with tasks: ${cause.message}`
  throw new Error(`${why}. Pass smaller or less nested values to withEnv`, { cause })
}
