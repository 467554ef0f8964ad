import { createHash } from 'node:crypto'
import { type AvroReader, MalformedError } from './reader.js'
import type { AvroWriter } from './writer.js'

const HASH_BYTES = 16
/** The most hashes of accepted protocols that a server stores. */
const MOST_KNOWN = 64
/**
 * The outcomes of a handshake, by their numbers in Avro. The server never sends BOTH (0): the client knows the server's
 * protocol.
 */
const MATCH_CLIENT = 1
const MATCH_NONE = 2

/**
 * The server side of Avro's handshake, one per connection. A client first sends only the hash of its protocol. If the
 * server does not know the hash, the client repeats the request with the whole text.
 */
export class Handshake {
  readonly #protocol: string
  readonly #hash: Buffer
  readonly #check: (protocol: string) => void
  readonly #known = new Set<string>()

  /** `check` throws MalformedError for a protocol that the server cannot serve. */
  constructor(protocol: string, check: (protocol: string) => void) {
    this.#protocol = protocol
    this.#hash = createHash('md5').update(protocol).digest()
    this.#check = check
  }

  /** Reads a handshake, and writes the response. Returns whether the request that follows it can be handled. */
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
