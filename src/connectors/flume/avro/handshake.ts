import { createHash } from 'node:crypto'
import { type AvroReader, MalformedError } from './reader.js'
import type { AvroWriter } from './writer.js'

const HASH_BYTES = 16
/** Hashes of accepted protocols that a server remembers. */
const MOST_KNOWN = 64
/** The answers of a handshake, as Avro numbers them. BOTH, 0, would say that the client has this server's text. */
const MATCH_CLIENT = 1
const MATCH_NONE = 2

/**
 * The server's half of Avro's handshake. A client first sends the hash of its protocol; if the hash is not known, it sends
 * the whole text. A connection has one handshake.
 */
export class Handshake {
  readonly #protocol: string
  readonly #hash: Buffer
  readonly #check: (protocol: string) => void
  readonly #known = new Set<string>()

  /** `check` throws MalformedError for a protocol that the server does not serve. */
  constructor(protocol: string, check: (protocol: string) => void) {
    this.#protocol = protocol
    this.#hash = createHash('md5').update(protocol).digest()
    this.#check = check
  }

  /** Reads a handshake and writes the answer. Returns whether the request behind it can be read. */
  answer(request: AvroReader, response: AvroWriter): boolean {
    const hash = request.fixed(HASH_BYTES).toString('hex')
    const text = request.index(2) === 1 ? request.string() : undefined
    request.fixed(HASH_BYTES)
    if (request.index(2) === 1) request.skipMap()
    const isKnown = this.#known.has(hash) || (text !== undefined && this.#learn(hash, text))
    response.long(isKnown ? MATCH_CLIENT : MATCH_NONE)
    response.long(1).string(this.#protocol).long(1).fixed(this.#hash).long(0)
    return isKnown
  }

  #learn(hash: string, text: string): boolean {
    if (createHash('md5').update(text).digest('hex') !== hash)
      throw new MalformedError('the hash of a protocol is not that of its text')
    this.#check(text)
    if (this.#known.size < MOST_KNOWN) this.#known.add(hash)
    return true
  }
}
