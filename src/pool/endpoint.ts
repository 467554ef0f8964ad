import { createRequire } from 'node:module'
import type { MessagePort } from 'node:worker_threads'
import type * as Comlink from 'comlink'
import type adapter from 'comlink/dist/umd/node-adapter.js'

// Created on first use, because a bundle without `import.meta.url` must reach the check that explains the problem.
const load = (name: string): unknown => createRequire(import.meta.url)(name)

/** Loaded with the first control call. Many threads never make one, and start sooner without Comlink. */
export const comlink = (): typeof Comlink => load('comlink') as typeof Comlink

/** Wraps a Node MessagePort as an endpoint of Comlink. */
export function nodeEndpoint(port: MessagePort): Comlink.Endpoint {
  // The adapter's export is the function itself, while its types speak of a `default` property.
  return (load('comlink/dist/umd/node-adapter.js') as typeof adapter.default)(port)
}
