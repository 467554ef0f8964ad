import { Packr } from 'msgpackr'

/** Encodes Comlink's messages for a WebSocket. Dates, maps, sets, bytes and big integers keep their types. */
const packr = new Packr({ moreTypes: true })

export function encode(message: unknown): Uint8Array {
  return packr.pack(message)
}

export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes)
}
