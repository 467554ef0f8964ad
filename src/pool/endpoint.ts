import { createRequire } from 'node:module'
import type { MessagePort } from 'node:worker_threads'
import type * as Comlink from 'comlink'
import type adapter from 'comlink/dist/umd/node-adapter.js'

const require = createRequire(import.meta.url)

/** Loaded with the first control call: the driver and its threads start sooner without, and many never make one. */
export const comlink = (): typeof Comlink => require('comlink')

/** Makes a Node MessagePort an endpoint of Comlink. */
export function nodeEndpoint(port: MessagePort): Comlink.Endpoint {
  // The adapter's export is the function itself, while its types speak of a `default` property.
  return (require('comlink/dist/umd/node-adapter.js') as typeof adapter.default)(port)
}
