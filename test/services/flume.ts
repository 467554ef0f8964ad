import { folderOf } from './install.mjs'
import { Program } from './program.js'

export interface FlumeSending {
  readonly batches: number
  readonly size: number
  /** Bytes of a body (100). */
  readonly bytes?: number
  /** Failed batches that are sent again (0). */
  readonly retries?: number
  /** Properties of Flume's client, such as `compression-type`. */
  readonly properties?: Readonly<Record<string, string>>
}

/** Runs Flume's own RPC client, which sends numbered events; a batch of one event is an `append`. */
export function sendByFlume(port: number, { batches, size, bytes = 100, retries = 0, properties = {} }: FlumeSending) {
  const pairs = Object.entries(properties).map(([name, value]) => `${name}=${value}`)
  return Program.java(folderOf('flume'), 'FlumeClient', [port, batches, size, bytes, retries, ...pairs])
}
