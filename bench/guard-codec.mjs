import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { eventLines } from './nexmark/events.mjs'

const EVENTS = 20_000
/** Encodings of one round. */
const A_ROUND = 5

/** Auctions, bids and persons of one batch, encoded and decoded, beside the same as JSON. */
export function eventCodec() {
  const events = Array.from(eventLines(0, EVENTS), (line) => JSON.parse(line))
  const w = new ByteWriter()
  const ours = () => {
    w.reset()
    encodeRecords(w, events)
    return decodeRecords(w.bytes())
  }
  return {
    first: { name: 'codec', run: () => ({ result: repeated(ours) }) },
    second: { name: 'JSON', run: () => ({ result: repeated(() => JSON.parse(JSON.stringify(events))) }) },
    normal: (result) => result,
    close: () => {},
  }
}

function repeated(run) {
  let result
  for (let i = 0; i < A_ROUND; i++) result = run()
  return result
}
