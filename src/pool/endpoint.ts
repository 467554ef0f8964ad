import adapter from 'comlink/dist/umd/node-adapter.js'

/**
 * Makes a Node MessagePort an endpoint of Comlink. The adapter's file is CommonJS whose export is the function itself,
 * while its types speak of a `default` property.
 */
export const nodeEndpoint = adapter as unknown as typeof adapter.default
